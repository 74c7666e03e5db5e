"""Answer with a finished run: routed chat, with adapters or with the shipped bundles.

In: a run's folder and questions. Out: answers and who gave them. Start with `chat.py`.
"""
