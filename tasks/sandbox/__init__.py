"""Run programs that nobody has read: generated code with its unit tests.

In: source code and limits. Out: how it ended. Start with `run.py`; `cell.py` runs in the child process, whose
modules import nothing but the standard library, so that it starts fast.
"""
