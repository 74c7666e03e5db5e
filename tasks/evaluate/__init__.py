"""Evaluate: Router, experts and held-out data in, an EvalReport out."""
