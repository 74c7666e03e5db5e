"""Corpus -> QADataset: questions and answers that their passages support, split and accounted for.

Start with `run.py`: `drafting/` asks the teachers, `judging/` and `selection/` refuse with a reason,
`account/` adds it up.
"""
