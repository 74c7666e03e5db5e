"""Sentence encoders: reading with them, fine-tuning them, writing them as ONNX.

In: questions and an encoder's folder. Out: embeddings or a trained encoder. Start with `encoder_scorer.py`.
"""
