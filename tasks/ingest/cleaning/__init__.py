"""Lines of pages to blocks of running text, with an account of what was removed.

In: lines. Out: blocks. Start with `clean.py`.
"""
