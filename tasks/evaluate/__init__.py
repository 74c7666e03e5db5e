"""Router, experts, generalist, bundles and held-out questions -> EvalReport.

Start with `run.py`: `measuring/` gathers the evidence, `metrics/` scores answers, `concluding/` draws the
conclusions from the evidence alone.
"""
