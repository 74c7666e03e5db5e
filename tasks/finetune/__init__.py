"""Fine-tune: a QADataset and a base model in, an Adapter out."""
