"""What domains say beside their questions: which questions are ambiguous, and further text to learn from.

In: QADataset and Corpus folders. Out: marks, and rows for training. Start with `teaching.py`.
"""
