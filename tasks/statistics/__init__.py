"""How sure a figure is: intervals for shares, means and ratios, decided once for every stage and report.

In: counts or one value a question. Out: estimates with their intervals. Start with `bootstrap.py`.
"""
