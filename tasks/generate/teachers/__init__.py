"""Models that write questions and answers: local, behind an API, in a bundle, or scripted.

In: prompts. Out: replies and the pairs in them. Start with `making.py`.
"""
