"""Benchmark targets: each measures one thing for real and writes `results/NAME.json`."""
