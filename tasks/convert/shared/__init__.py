"""The shared form: one INT4 base for all experts, and an adapter of a few megabytes for each.

`base.py` converts the base with inputs for an adapter, `adapter.py` writes an adapter as LiteRT-LM reads it.
"""
