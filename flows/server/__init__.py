"""Prefect's and MLflow's servers, schedules and the check of this machine.

In: settings. Out: servers on loopback, deployments, a diagnosis. Start with `local.py`.
"""
