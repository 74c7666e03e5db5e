"""Robustness suites: held-out questions changed by code, and the bars a router must clear on them."""
