"""From the adapter to the INT4 graph, link by link: is the expert that ships the one that was trained?

Start with `run.py`: `probes.py` reads what is asked, `forms.py` lets each form answer, `links.py` compares.
"""
