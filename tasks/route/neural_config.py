"""The two kinds that read meaning: sentence embeddings, and a fine-tuned encoder.

In: YAML. Out: frozen values.
"""

from typing import Annotated, Literal

from pydantic import Field

from tasks.models import EmbeddedEncoder, FolderModel, HubModel, Slice, TinyEncoder

Encoder = Annotated[EmbeddedEncoder | HubModel | FolderModel | TinyEncoder, Field(discriminator="source")]
"""A sentence encoder or another BERT-like model, in the layout of `save_pretrained`."""


class SemanticRouter(Slice):
    """Sentence embeddings, and nearness to descriptions or examples, or a linear head."""

    kind: Literal["semantic"] = "semantic"
    model: Encoder = EmbeddedEncoder()
    """What makes the embeddings."""
    head: Literal["descriptions", "centroids", "linear"] = "linear"
    """Cosine with the description (zero-shot), or with the mean of the examples, or logistic regression."""
    descriptions: dict[str, str] = {}
    """What each domain is about, in words; needed by `head: descriptions`."""
    shots: int | None = Field(default=None, ge=2)
    """Training questions of each domain that are used at most, drawn by `seed` (few-shot); none: all. Two at
    least, since a question is held out to set the confidence by."""
    C: tuple[float, ...] = Field(default=(1.0, 10.0, 100.0), min_length=1, max_length=20)
    """Inverse strengths of the linear head's penalty, among which cross-validation chooses."""
    folds: int = Field(default=3, ge=2, le=20)
    """Parts of the cross-validation; questions of one group stay in one part."""
    max_length: int = Field(default=128, ge=8, le=8192)
    """Tokens of a question that are read."""
    precision: Literal["float32", "int8"] = "float32"
    """Type of the weights that ship. int8: a quarter of the size and half the time, but a question's scores
    move a little with the questions that are asked beside it."""
    kept_examples: int = Field(default=20, ge=0)
    """Known questions of each domain that ship with the router, for explanations."""
    seed: int = Field(default=42, ge=0, lt=2**32)


class EncoderRouter(Slice):
    """A fine-tuned encoder: mean of the last layer, length 1, and a linear head."""

    kind: Literal["encoder"] = "encoder"
    model: Encoder = EmbeddedEncoder()
    """What is fine-tuned; not the hub's DistilBERT by default: what the network decides is not repeatable."""
    num_epochs: int = Field(default=6, ge=1, le=100)
    """Passes over the training questions at most."""
    patience: int = Field(default=2, ge=1)
    """Stop after so many passes without a better loss on the validation questions."""
    batch_size: int = Field(default=64, ge=1, le=1024)
    """Questions a step."""
    learning_rate: float = Field(default=2e-4, gt=0, le=1)
    """Peak step size of AdamW."""
    max_length: int = Field(default=128, ge=8, le=8192)
    """Tokens of a question that are read."""
    validation_share: float = Field(default=0.1, gt=0, le=0.5)
    """Share of the training questions held out by group where the validation questions lack a domain."""
    precision: Literal["float32", "int8"] = "float32"
    """Type of the weights that ship. int8: a quarter of the size and half the time, but a question's scores
    move a little with the questions that are asked beside it."""
    kept_examples: int = Field(default=20, ge=0)
    """Known questions of each domain that ship with the router, for explanations."""
    seed: int = Field(default=42, ge=0, lt=2**32)
    """Draws the order of the questions."""
