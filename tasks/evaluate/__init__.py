"""Router, experts, generalist, bundles and held-out questions -> EvalReport.

Start with `run.py`: `gather.py` measures, `report.py` concludes from the evidence alone.
"""
