"""MergedModel and its INT4 graph -> `model.task`, the form that MediaPipe's LLM inference reads.

Start with `form.py`: `prompts.py` reads the chat template, `pieces.py` converts the tokenizer, `lines.py`
compares both tokenizers, `bundling.py` packs in an environment of its own, `archive.py` opens what was
packed.
"""
