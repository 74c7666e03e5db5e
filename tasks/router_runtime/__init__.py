"""Read a router and ask it, without any training library; export it for phones.

In: a folder that `tasks.route` wrote. Out: decisions. Start with `router.py` and `router_files.py`; `route/`
trains what is read here.
"""
