"""What bytes say, words, sentences and near duplicates: each decided once, for every stage.

In: bytes or text. Out: text, its parts, or what resembles it. Start with `encoding.py` and `words.py`.
"""
