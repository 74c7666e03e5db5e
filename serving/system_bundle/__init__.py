"""The system bundle: a finished run as one folder that an app ships, and how it is asked.

In: a run. Out: experts, router, manifest, README and a reference player, as a folder and a zip. Start with
`write.py`; `read.py` opens one, and `play.py` is what stands in it.
"""
