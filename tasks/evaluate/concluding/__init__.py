"""Draw the conclusions, with an interval on every comparison.

In: the evidence. Out: the contents of `evaluation.json`. Start with `evaluation_report.py`.
"""
