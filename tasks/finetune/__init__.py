"""QADataset + base model -> Adapter: a domain's expert, or the generalist.

Start with `run.py`; `training.py` holds the loop, `network.py` the quantized base with its adapter.
"""
