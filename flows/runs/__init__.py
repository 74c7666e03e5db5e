"""One run: its folder, its stages' outcomes, where they run and what is shown of them.

In: a configuration. Out: a folder below `artifacts/runs`. Start with `folders.py` and `outcome.py`.
"""
