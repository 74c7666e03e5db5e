"""One module for each kind of router, from questions to a fitted classifier.

In: training questions and a kind's config. Out: an `UncalibratedRouter`. Start with `fit.py`.
"""
