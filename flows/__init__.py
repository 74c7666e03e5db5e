"""The pipeline as one Prefect flow, and the command line around it.

Start with `dag.py`, then `pipeline.py`; `plan.py` computes the same DAG's keys without running it.
"""
