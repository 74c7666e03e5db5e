"""MLflow: runs, what is logged into them, and the registry.

In: what stages measured. Out: runs and versions by explicit ids. Start with `tracker.py`.
"""
