"""Where artifacts and cache records are kept, here and on machines that share a store.

In: filled folders. Out: folders that verify. Start with `store.py`; `cache.py` maps recipes to artifacts.
"""
