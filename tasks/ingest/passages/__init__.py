"""Blocks to passages, and the account of every document.

In: cleaned documents. Out: passages that respect sentences. Start with `cutting.py`.
"""
