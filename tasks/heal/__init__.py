"""Model + its float teacher + text -> the same model, with weights that survive their INT4 grid.

Start with `run.py` for the base and `settle.py` for an expert: `distillation.py` holds the loop of both.
"""
