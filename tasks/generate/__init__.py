"""Generate: a Corpus in, a QADataset of grounded question-answer pairs out."""
