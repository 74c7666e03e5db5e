"""Search the smallest recipe of a bundle whose rounding loses no more than a bound.

Start with `run.py`: `candidates.py` says what is tried, `rounding.py` rounds, `answers.py` scores,
`sizes.py` counts bytes, `mixing.py` keeps the most sensitive layers exact. `choice.py` hands on what was
chosen, and nothing else.
"""
