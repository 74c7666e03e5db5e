"""Convert: a MergedModel in, an EdgeModel for phones out."""
