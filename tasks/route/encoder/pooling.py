"""A classifier on a BERT-like encoder: token ids in, an embedding of length 1 and a score for each label out.

One module for both neural kinds, so that both ship the same graph: the mean of the last layer over the
question's tokens, its direction, and a linear head. The direction is scaled, since scores of a softmax
must be able to grow: at length 1, no question could be told from another with confidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn.functional import normalize
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModel, AutoTokenizer, PreTrainedModel

from tasks.kernel.errors import ModelError
from tasks.kernel.workspace import Progress, silent
from tasks.router_runtime.question_scores import Floats

SCALE = 20.0
_BATCH = 64


class PooledEncoder(nn.Module):
    """The encoder with its head."""

    def __init__(self, encoder: PreTrainedModel, labels: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.hidden_size, labels)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return embeddings (questions, width) and scores (questions, labels)."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        embedding = normalize((hidden * mask).sum(1) / mask.sum(1).clamp(min=1), dim=-1)
        return embedding, self.head(SCALE * embedding)


@dataclass(frozen=True)
class Reader:
    """An encoder and how text becomes its tokens."""

    model: PooledEncoder
    tokenizer: str
    """The tokenizer's JSON."""
    max_length: int
    """Tokens that are read: no more than the encoder knows positions for."""


def read_encoder(folder: Path, labels: int, max_length: int) -> Reader:
    """Load the encoder in `folder` with a fresh head; raise ModelError where it cannot be used."""
    try:
        # Of one attention for all uses: the plain one exports to the simplest graph.
        encoder = AutoModel.from_pretrained(
            folder, dtype=torch.float32, trust_remote_code=False, attn_implementation="eager"
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: no encoder can be loaded ({error}); save one there") from error
    positions = getattr(encoder.config, "max_position_embeddings", None)
    if not tokenizer.is_fast or positions is None:
        raise ModelError(
            f"{folder}: no tokenizer.json or no BERT-like encoder; use one such as DistilBERT or MiniLM"
        )
    # RoBERTa counts positions from the padding token on.
    first = encoder.config.pad_token_id + 1 if "roberta" in encoder.config.model_type else 0
    return Reader(
        PooledEncoder(encoder, labels).eval(),
        tokenizer.backend_tokenizer.to_str(),
        min(max_length, tokenizer.model_max_length, positions - first),
    )


def token_ids(reader: Reader, texts: Sequence[str]) -> list[list[int]]:
    """Return what is read of each text."""
    tokenizer = Tokenizer.from_str(reader.tokenizer)
    tokenizer.enable_truncation(reader.max_length)
    tokenizer.no_padding()
    return [one.ids for one in tokenizer.encode_batch(list(texts))]


def padded(rows: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token ids (rows, longest) and which of them are real."""
    ids = [torch.tensor(row) for row in rows]
    lengths = torch.tensor([len(one) for one in ids])
    batch = pad_sequence(ids, batch_first=True)
    return batch, (torch.arange(batch.shape[1]) < lengths[:, None]).long()


def embedded(model: PooledEncoder, rows: Sequence[list[int]], progress: Progress = silent) -> Floats:
    """Return embeddings of length 1 (rows, width); rows of like length side by side are read fastest."""
    device, parts = model.head.weight.device, []
    with torch.inference_mode():
        for start in range(0, len(rows), _BATCH):
            ids, mask = padded(rows[start : start + _BATCH])
            embedding, _ = model(ids.to(device), mask.to(device))
            parts.append(embedding.cpu().numpy())
            progress(min(start + _BATCH, len(rows)), len(rows), "texts")
    found: Floats = np.concatenate(parts)
    return found


def embed_texts(reader: Reader, texts: Sequence[str], progress: Progress = silent) -> Floats:
    """Return embeddings of length 1 (texts, width), the same one for the same text."""
    distinct = sorted(set(texts))
    ids = token_ids(reader, distinct)
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    places = {distinct[row]: place for place, row in enumerate(order)}
    return embedded(reader.model, [ids[row] for row in order], progress)[[places[text] for text in texts]]
