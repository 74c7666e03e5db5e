"""One module for each kind of router, from questions to a fitted classifier.

In: training questions and a kind's config. Out: a `Fitted`. Start with `fit.py`.
"""
