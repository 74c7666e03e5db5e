"""Score generated answers by the metrics that the configuration names.

In: answers and references. Out: one score an answer, or one of the corpus. Start with `chosen_metrics.py`.
"""
