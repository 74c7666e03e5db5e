"""What became of every passage and pair: funnel, coverage, samples and data-set card.

In: candidates with their reasons. Out: files beside the pairs. Start with `write.py`.
"""
