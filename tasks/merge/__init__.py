"""Base model + Adapter -> MergedModel, into the weights that the adapter was trained on.

Start with `run.py`: merging is planned in `plan.py` and applied in `weights.py`.
"""
