"""Measure every model and bundle on the held-out questions, each pair of both once.

In: input folders. Out: the evidence. Start with `gather.py`.
"""
