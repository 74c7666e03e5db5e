"""What the forms of an expert are compared on: held-out questions and the beginnings of their answers.

In: a domain's pairs. Out: tokens in the chat format, the same for every form and every run.
"""

from pathlib import Path
from typing import NamedTuple

from tasks.convert.config import ChainCheck
from tasks.kernel.errors import DataError
from tasks.models.chat import chat_turns, token_ids
from tasks.models.loading import load_tokenizer
from tasks.records.dataset import Example
from tasks.records.files import read_records


class Asked(NamedTuple):
    """A question and the tokens of its answer that count."""

    id: str
    prompt: tuple[int, ...]
    answer: tuple[int, ...]


def read_probes(dataset: Path, model: Path, config: ChainCheck) -> list[Asked]:
    """Return the first held-out pairs that fit the bundle's context; raise DataError where none does."""
    file, tokenizer, found = dataset / "test.jsonl", load_tokenizer(model), []
    for example in read_records(file, Example):
        turns = chat_turns(tokenizer, example.question.strip(), example.answer.strip())
        prompt, answer = token_ids(tokenizer, turns.prompt), token_ids(tokenizer, turns.answer)
        if len(prompt) + config.answer_tokens <= config.cache_length:
            found.append(Asked(example.id, tuple(prompt), tuple(answer[: config.answer_tokens])))
        if len(found) == config.probes:
            break
    if not found:
        raise DataError(
            f"{file}: no held-out question fits into {config.cache_length} tokens with"
            f" {config.answer_tokens} of its answer; raise `convert.cache_length`"
        )
    return found
