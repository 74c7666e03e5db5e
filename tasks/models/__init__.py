"""Base models: which one, where it comes from, how it is loaded, how it talks.

In: a `ModelSource` from the configuration. Out: folders, transformers objects, prompts. Start with
`sources.py`.
"""
