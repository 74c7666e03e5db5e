"""QADataset + base model -> Adapter: a domain's expert, or the generalist.

Start with `run.py`; `train_loop.py` holds the loop, `batches.py` what the model reads at once, `network.py`
the base with its adapter.
"""
