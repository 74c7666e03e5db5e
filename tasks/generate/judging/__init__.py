"""Check each pair against its own passage.

In: candidates and passages. Out: the same candidates, the bad ones with a reason. Start with `judge.py`.
"""
