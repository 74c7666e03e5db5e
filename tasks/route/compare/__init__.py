"""Compare several kinds of router on the same questions.

In: questions of two sides and kinds. Out: one row of figures a router. Start with `run.py`.
"""
