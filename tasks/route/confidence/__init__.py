"""Scores to honest probabilities, thresholds and scope.

In: scores of questions held out of fitting. Out: calibration and thresholds for stated targets. Start with
`calibration.py`.
"""
