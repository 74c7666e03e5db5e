"""The pipeline's verbs, a package each, and what they share.

Read `kernel/` for how a stage runs, `records/` for what stages hand on, then the verbs in the order of
`flows/dag.py`.
"""
