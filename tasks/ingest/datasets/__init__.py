"""Ready-made data sets to examples.

In: rows of a file or of the hub. Out: records with questions and answers. Start with `examples.py`.
"""
