"""The router as files for phones, with a reader in plain Python and a check that both agree.

In: a router. Out: JSON, ONNX and reader. Start with `export.py`.
"""
