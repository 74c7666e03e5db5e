"""Answer with a finished run: routed questions and chat, with the adapters or with the shipped bundles.

In: a run's folder and questions. Out: answers, piece by piece, and who gave them. Start with `chat.py`, which
shows a question's way, and `experts.py`, which answers for callers at once.
"""
