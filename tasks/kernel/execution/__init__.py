"""Run one job: lock, cache, child process, events, publishing.

In: a job and this machine's settings. Out: its artifact. Start with `execute.py`; `worker.py` is the child's
end.
"""
