"""A natural language inference model as judge.

In: passages and pairs. Out: the probability that the passage entails the answer. A passage that is longer
than the model reads is judged piece by piece and the best piece counts, as in SummaC (Laban et al. 2022).
"""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedModel

from tasks.generate.judging.judge_input import JudgeQuestion, windows
from tasks.kernel.errors import ModelError
from tasks.models.loading import load_tokenizer
from tasks.records.dataset import Example
from tasks.text.words import find_words

LABEL = "entailment"
_STATEMENT_WORDS = 5
_SPECIAL_TOKENS = 4
"""More than any pair template adds."""


class EntailmentModel:
    """A sequence classifier with a label `entailment`."""

    def __init__(self, folder: Path) -> None:
        """Load classifier and tokenizer; raise ModelError where there is none or it lacks the label."""
        self._label = entailment_label(folder)
        self._tokenizer = load_tokenizer(folder)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = _load(folder)
        torch.nn.Module.to(self._model, self._device)
        limit = getattr(self._model.config, "max_position_embeddings", self._tokenizer.model_max_length)
        self._limit = min(limit, self._tokenizer.model_max_length)

    @torch.inference_mode()
    def __call__(self, questions: Sequence[JudgeQuestion]) -> list[float]:
        """Return the probability of entailment by the best piece of each passage."""
        hypotheses = [hypothesis(question.example) for question in questions]
        premises = [self._pieces(one, text) for one, text in zip(questions, hypotheses, strict=True)]
        rows = self._tokenizer(
            list(chain.from_iterable(premises)),
            [text for text, pieces in zip(hypotheses, premises, strict=True) for _ in pieces],
            truncation="longest_first",
            max_length=self._limit,
            padding=True,
            return_tensors="pt",
        )
        logits = self._model(**rows.to(self._device)).logits.float()
        found = iter(logits.softmax(-1)[:, self._label].tolist())
        return [max(next(found) for _ in pieces) for pieces in premises]

    def _pieces(self, question: JudgeQuestion, text: str) -> list[str]:
        tokens = self._tokenizer([text, *question.sentences], add_special_tokens=False)["input_ids"]
        taken, *sizes = map(len, tokens)
        return windows(question.sentences, sizes, self._limit - taken - _SPECIAL_TOKENS)


def entailment_label(folder: Path) -> int:
    """Return the index of the label `entailment`; raise ModelError where the model in `folder` has none."""
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: no model can be read ({error}); set `judging.judge.model`") from error
    labels = {str(label).lower(): int(index) for index, label in config.id2label.items()}
    if LABEL not in labels:
        raise ModelError(
            f"judging.judge.model: {folder.name} has the labels {', '.join(sorted(labels))} and no `{LABEL}`;"
            " choose a natural language inference model"
        )
    return labels[LABEL]


def hypothesis(example: Example) -> str:
    """Return what must follow from the passage: the answer, behind its question where it is no statement."""
    if len(find_words(example.answer)) >= _STATEMENT_WORDS:
        return example.answer
    return f"{example.question} {example.answer}"


def _load(folder: Path) -> PreTrainedModel:
    try:
        model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(
            folder, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: no sequence classifier can be loaded ({error})") from error
    model.eval()
    return model
