"""`report.json` and `report.html` of a run.

In: artifacts and outcomes. Out: one typed report and its page. Start with `collect.py` and `schema.py`.
"""
