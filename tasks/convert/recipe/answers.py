"""What recipes are scored on: validation answers in, how surprised a model is by each of them out."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch.nn.functional import kl_div
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tasks.convert.recipe.config import AutoRecipe
from tasks.kernel.errors import DataError
from tasks.models.chat import chat_turns, token_ids
from tasks.records.dataset import Example
from tasks.records.files import read_records
from tasks.statistics.bootstrap import Loss


class Answer(NamedTuple):
    """A prompt, and the tokens of its answer that count."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]


def read_answers(
    datasets: Sequence[Path], tokenizer: PreTrainedTokenizerBase, config: AutoRecipe, count: int
) -> list[Answer]:
    """Return the first `count` validation answers of each domain; raise DataError where none of any fits."""
    found: list[Answer] = []
    for folder in datasets:
        examples = read_records(folder / "validation.jsonl", Example)
        fitting = (
            one for one in _encoded(tokenizer, examples, config) if len(one.prompt) <= config.max_length
        )
        found += [one for one, _ in zip(fitting, range(count), strict=False)]
    if not found:
        raise DataError(
            f"{datasets[0]}: no validation prompt of any domain fits into {config.max_length} tokens;"
            " raise `convert.quantization.max_length`"
        )
    return found


def losses(model: PreTrainedModel, answers: Sequence[Answer]) -> list[Loss]:
    """Return how surprised the model is by each answer."""
    found = []
    for said, one in zip(distributions(model, answers), answers, strict=True):
        wanted = torch.tensor(one.answer, device=said.device)
        nats = -said.gather(-1, wanted[:, None]).double().sum()
        found.append(Loss(float(nats), len(one.answer)))
    return found


def divergence(model: PreTrainedModel, answers: Sequence[Answer], expected: Sequence[torch.Tensor]) -> float:
    """Return how far the model is from what was `expected`, in nats a token."""
    pairs = zip(distributions(model, answers), expected, strict=True)
    found = sum(float(kl_div(said, wanted, log_target=True, reduction="sum")) for said, wanted in pairs)
    return found / sum(len(one.answer) for one in answers)


@torch.inference_mode()
def distributions(model: PreTrainedModel, answers: Sequence[Answer]) -> Iterator[torch.Tensor]:
    """Yield for each answer the logarithms of what the model says at its tokens: tokens x vocabulary."""
    for one in answers:
        ids = torch.tensor([one.prompt + one.answer[:-1]], device=model.device)
        # One by one: what is not padded is not computed, and equal answers score alike in every batch.
        kept = model(input_ids=ids, use_cache=False, logits_to_keep=len(one.answer)).logits[0]
        yield kept.float().log_softmax(-1)


def _encoded(
    tokenizer: PreTrainedTokenizerBase, examples: Sequence[Example], config: AutoRecipe
) -> Iterator[Answer]:
    for example in examples:
        turns = chat_turns(tokenizer, example.question.strip(), example.answer.strip())
        answer = token_ids(tokenizer, turns.answer)[: config.answer_tokens]
        yield Answer(tuple(token_ids(tokenizer, turns.prompt)), tuple(answer))
