"""Which sentence is asked about, and how its question begins.

In: passages. Out: tasks for a teacher. Start with `asking.py`.
"""
