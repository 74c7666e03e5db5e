"""Words, sentences, near duplicates and how sure a share is: each decided once, for every stage.

In: plain text, or counts. Out: its parts, what resembles it, or an interval. Start with `words.py`.
"""
