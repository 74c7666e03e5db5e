"""What domains say beside their questions, and which questions are ambiguous.

In: QADataset and Corpus folders. Out: marks, and rows for training. Start with `teaching.py`.
"""
