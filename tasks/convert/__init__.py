"""MergedModel -> EdgeModel: an INT4 `.litertlm` bundle, made in the converter's own environment.

Start with `run.py`: `graph.py` traces, `quantize.py` quantizes, `breakdown.py` accounts for every byte.
"""
