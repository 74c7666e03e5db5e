"""How a stage is identified, cached, run and tracked, whatever it computes.

In: a description of a job. Out: an artifact in the store. Start with `stage.py` and `job.py`; then
`execution/`.
"""
