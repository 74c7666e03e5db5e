"""PDFs, other documents and ready-made data sets -> Corpus.

Start with `run.py`: `reading/` gives lines of pages, `cleaning/` blocks of text, `passages/` pieces to ask
about; `datasets/` maps rows.
"""
