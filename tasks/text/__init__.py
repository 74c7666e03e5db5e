"""Words, sentences and near duplicates: each decided once, for every stage.

In: plain text. Out: its parts, or what resembles it. Start with `words.py`.
"""
