"""Garbage collection of the store, here and on the remote.

In: what runs and models still use. Out: what was removed. Start with `gc.py`.
"""
