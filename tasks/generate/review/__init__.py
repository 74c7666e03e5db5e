"""Decisions of people on pairs, which survive regeneration.

In: a marked file. Out: candidates accepted, edited or rejected. Start with `apply.py`;
the file itself is a record, `tasks.records.review`.
"""
