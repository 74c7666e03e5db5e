"""Merge: a base model and an Adapter in, a MergedModel out."""
