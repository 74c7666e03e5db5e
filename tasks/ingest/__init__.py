"""Ingest: PDFs and ready-made data sets in, a Corpus of passages and examples out."""
