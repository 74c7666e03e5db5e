"""QADatasets of all domains -> Router, and comparisons of routers.

Start with `run.py`: `kinds/` fits, `confidence/` calibrates, `measure/` judges; `router_runtime` reads what
is written here.
"""
