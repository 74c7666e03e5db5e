"""Refuse copies, contradictions and leaks, and draw the split.

In: judged candidates. Out: train, validation and test. Start with `select.py`.
"""
