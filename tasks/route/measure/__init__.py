"""How good a fitted router is on held-out questions, and what asking it costs.

In: a router and questions. Out: the figures of `report.json`. Start with `route_report.py`.
"""
