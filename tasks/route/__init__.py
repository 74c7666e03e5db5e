"""Route: the QADatasets of all domains in, a Router out."""
