"""What would make training worthless, looked for on its own batches before it begins.

In: the examples as the model will read them, its tokenizer and token table. Out: one example decoded, for the
record. Each check has a name that its error begins with; what to do is known before any hour is spent.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import chain, groupby

from peft import PeftModel
from transformers import PreTrainedTokenizerBase

from tasks.finetune.batches import Batch, Collator, row
from tasks.finetune.encoding import IGNORED, Encoded, encode
from tasks.kernel.errors import PipelineError
from tasks.models.chat import chat_turns, end_of_turn
from tasks.records.dataset import Example
from tasks.records.training import SamplePiece

_TEXTS = 16
_LEAST_NAMED = 0.9
"""Of the rows of a token table, the share that the tokenizer has names for; the rest fills the table up."""
_MOST_CHANGED = 0.1
"""Share of texts that may come back otherwise, because one of their characters has no token."""


class PreflightError(PipelineError, ValueError):
    """Training that is not begun, because it would teach something else than what was meant."""

    def __init__(self, check: str, problem: str) -> None:
        super().__init__(f"finetune: preflight `{check}`: {problem}")


def check_left_out(domain: str, left_out: int, examples: int, most: float) -> None:
    """Raise PreflightError where more training examples are too long than may be left out."""
    if left_out > most * examples:
        raise PreflightError(
            "left_out",
            f"domain {domain}: {left_out} of {examples} training examples exceed `max_length`, more than"
            f" `max_left_out` ({most:.0%}) allows; raise `max_length`, or `max_left_out` if that is enough",
        )


def check_template(examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase) -> None:
    """Raise PreflightError where tokens do not read back as what the template renders."""
    texts = [(_read_back(one, tokenizer), _rendered(one, tokenizer)) for one in examples[:_TEXTS]]
    changed = [(found, meant) for found, meant in texts if _bare(found) != _bare(meant)]
    if len(changed) > _MOST_CHANGED * len(texts):
        found, meant = changed[0]
        raise PreflightError(
            "template",
            f"{len(changed)} of {len(texts)} texts come back from their tokens otherwise, {found[:60]!r} for"
            f" {meant[:60]!r}; use the tokenizer that belongs to the base model",
        )


def check_vocabulary(
    model: PeftModel, tokenizer: PreTrainedTokenizerBase, examples: Iterable[Encoded]
) -> None:
    """Raise PreflightError where base model and tokenizer do not belong together."""
    rows, names = model.get_input_embeddings().num_embeddings, len(tokenizer)
    highest = max(chain.from_iterable(one.input_ids for one in examples))
    if highest >= rows or names < _LEAST_NAMED * rows:
        raise PreflightError(
            "vocabulary",
            f"the tokenizer has {names:,} tokens and the base model a table of {rows:,}, and texts use"
            f" number {highest:,}; save the tokenizer that belongs to the base model beside it",
        )
    control = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    for name, number in _special_ids(model):
        if number not in control:
            raise PreflightError(
                "special_tokens",
                f"`{name}` of the base model is {number}, which its tokenizer spells"
                f" {tokenizer.decode([number])!r}, a piece of text; save the tokenizer that belongs to it",
            )


def check_batch(collate: Collator, examples: Sequence[Encoded], tokenizer: PreTrainedTokenizerBase) -> None:
    """Raise PreflightError unless a batch has its loss on each answer, on its end, and on nothing else."""
    batch, end = collate([row(one) for one in examples]), end_of_turn(tokenizer)
    found = [label for label in batch["labels"].flatten().tolist() if label != IGNORED]
    if any(_supervised(one)[-1:] != [end] for one in examples) or found.count(end) < len(examples):
        raise PreflightError(
            "end_of_turn",
            "no loss is on the token that ends an answer, so that the model would never learn to stop;"
            " give the base model's tokenizer a padding token of its own",
        )
    if any(len(_supervised(one)) in {1, one.tokens} for one in examples):
        raise PreflightError(
            "answer_mask", "an example has its loss on nothing or on all; look at its question and answer"
        )
    if found != [*chain.from_iterable(map(_supervised, examples))] or found != _read(batch):
        raise PreflightError(
            "answer_mask", "a batch has its loss on other tokens than those of the answers; use another base"
        )


def sample_of(example: Encoded, collate: Collator, tokenizer: PreTrainedTokenizerBase) -> list[SamplePiece]:
    """Return an example as a batch holds it, in pieces with and without loss."""
    batch = collate([row(example)])
    pairs = zip(batch["input_ids"][0].tolist(), batch["labels"][0].tolist(), strict=True)
    pieces = groupby(list(pairs)[: example.tokens], key=lambda pair: pair[1] != IGNORED)
    return [
        SamplePiece(text=_decoded(tokenizer, [token for token, _ in piece]), supervised=supervised)
        for supervised, piece in pieces
    ]


def _supervised(example: Encoded) -> list[int]:
    return [label for label in example.labels if label != IGNORED]


def _read(batch: Batch) -> list[int]:
    """Return what the model reads where the loss is."""
    return list(batch["input_ids"][batch["labels"] != IGNORED].tolist())


def _special_ids(model: PeftModel) -> list[tuple[str, int]]:
    settings = model.config.get_text_config().to_dict()
    named = [(name, settings.get(name)) for name in ("bos_token_id", "eos_token_id")]
    listed = [(name, value if isinstance(value, list) else [value]) for name, value in named]
    return [(name, number) for name, numbers in listed for number in numbers if number is not None]


def _read_back(example: Example, tokenizer: PreTrainedTokenizerBase) -> str:
    return _decoded(tokenizer, encode(example, "", tokenizer).input_ids)


def _rendered(example: Example, tokenizer: PreTrainedTokenizerBase) -> str:
    turns = chat_turns(tokenizer, example.question.strip(), example.answer.strip()).whole()
    return turns.prompt + turns.answer


def _decoded(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))


def _bare(text: str) -> str:
    """Return a text without what tokenizers may change: spaces, and which form a character has."""
    return "".join(unicodedata.normalize("NFKC", text).split())
