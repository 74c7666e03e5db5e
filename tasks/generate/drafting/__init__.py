"""Ask the teacher for pairs, group of passages by group, within a budget.

In: passages. Out: candidates, kept for reuse. Start with `drafts.py`.
"""
