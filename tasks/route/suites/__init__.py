"""Robustness suites: the same questions before and after a change that should not matter.

In: test questions. Out: changed ones and the router's accuracy on them. Start with `measure.py`.
"""
