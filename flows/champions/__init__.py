"""Which run's models are champions: candidates, the gate and the move.

In: a finished run. Out: versions in the registry with the gate's verdict. Start with `promotion.py`.
"""
