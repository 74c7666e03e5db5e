"""A local language model as teacher.

In: a model folder and its settings; then asks. Out: one reply an ask. Batches hold prompts of similar
length and have seeds of their own, and what prompts share is taken from their kind, not from the asks
of the run: so the replies to a group depend on the group alone, not on what ran before.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tasks.generate.pairs import Ask, Reply, Report
from tasks.generate.teacher_config import CLOSING_TOKENS, EmbeddedTeacher, TransformersTeacher
from tasks.generate.teachers.decoding import (
    Prefix,
    SamplingSettings,
    Tokens,
    decode_batch,
    question_ends,
    shared_prefix,
    turn_ends,
)
from tasks.generate.teachers.grammar import Grammar
from tasks.generate.teachers.prompts import messages, pairs_schema
from tasks.kernel.errors import ModelError
from tasks.models.loading import load_model, load_tokenizer
from tasks.models.precision import gpu_options, nf4
from tasks.records.dataset import QuestionType

_SEEDS = 2**63
_PROBES = ("A", "B")


@dataclass(frozen=True)
class Kind:
    """What prompts must have in common to be decoded side by side."""

    shares: bool
    """They begin with the worked examples of `question_type`."""
    question_type: QuestionType | None
    count: int


class LanguageTeacher:
    """Completes questions, or writes pairs as JSON, with a causal language model."""

    def __init__(self, config: EmbeddedTeacher | TransformersTeacher, folder: Path) -> None:
        """Load the model; raise ModelError where it is none that can be talked to."""
        self._config = config
        self._constrained = config.mode == "passage" and config.constrained
        self._tokenizer = load_tokenizer(folder)
        self._conversations = Conversations(self._tokenizer)
        self._model = load_teacher(config, folder)
        self._size = vocabulary_size(self._model)
        self._sampling = SamplingSettings(config.temperature, config.top_p, config.max_new_tokens)
        ends = question_ends if config.mode == "answer_first" else turn_ends
        self._stop = ends(self._tokenizer, self._size).to(self._model.device)
        self._prefixes: dict[QuestionType | None, Prefix] = {}
        self._grammars: dict[int, Grammar] = {}

    def __call__(self, asks: Sequence[Ask], seed: int, report: Report) -> list[Reply]:
        """Return the replies in the order of `asks`; a question that is already whole needs none."""
        replies = [Reply(text="")] * len(asks)
        prompts = {
            number: self._conversations.tokens(ask) for number, ask in enumerate(asks) if not _is_whole(ask)
        }
        written = len(asks) - len(prompts)
        kinds: dict[Kind, dict[int, Tokens]] = {}
        for number, prompt in prompts.items():
            kinds.setdefault(self._kind(asks[number], prompt), {})[number] = prompt
        batches = [
            (kind, batch)
            for kind, group in kinds.items()
            for batch in _batches(group, self._config.batch_size)
        ]
        for at, (kind, numbers) in enumerate(batches):
            tokens = self._decode(kind, [prompts[number] for number in numbers], (seed + (at << 32)) % _SEEDS)
            for number, reply in zip(numbers, tokens, strict=True):
                replies[number] = Reply(
                    text=self._text(reply), input_tokens=len(prompts[number]), output_tokens=len(reply)
                )
            written += len(numbers)
            report(written)
        return replies

    def _kind(self, ask: Ask, prompt: Tokens) -> Kind:
        examples = None if ask.opening else ask.question_type
        shares = bool(ask.answer) and self._prefix(examples).begins(prompt)
        return Kind(shares, examples if shares else None, ask.count)

    def _prefix(self, examples: QuestionType | None) -> Prefix:
        """Return what all prompts with these worked examples begin with."""
        if examples not in self._prefixes:
            probes = [Ask(passage="", answer=probe, question_type=examples) for probe in _PROBES]
            tokens = [self._conversations.tokens(probe) for probe in probes]
            self._prefixes[examples] = shared_prefix(self._model, tokens)
        return self._prefixes[examples]

    def _decode(self, kind: Kind, batch: Sequence[Tokens], seed: int) -> list[Tokens]:
        prefix = self._prefix(kind.question_type) if kind.shares else shared_prefix(self._model, [])
        constraint = self._grammar(kind.count).begin(len(batch)) if self._constrained else None
        return decode_batch(self._model, prefix, batch, self._stop, self._sampling, seed, constraint)

    def _grammar(self, count: int) -> Grammar:
        if count not in self._grammars:
            self._grammars[count] = Grammar(self._tokenizer, self._size, pairs_schema(count))
        return self._grammars[count]

    def _text(self, reply: Tokens) -> str:
        text = str(self._tokenizer.decode(reply, skip_special_tokens=True))
        hurried = len(reply) > self._sampling.max_new_tokens - CLOSING_TOKENS
        return without_last(text) if self._constrained and hurried else text


def without_last(text: str) -> str:
    """Return the list of pairs without the one that the budget cut off, unless there is no other."""
    pairs = json.loads(text)
    return json.dumps(pairs[:-1] or pairs)


def _is_whole(ask: Ask) -> bool:
    return ask.opening.endswith("?")


def _batches(prompts: dict[int, Tokens], size: int) -> list[list[int]]:
    """Return the numbers of the prompts in even batches of at most `size`, short prompts first."""
    order = sorted(prompts, key=lambda number: (len(prompts[number]), number))
    count = -(-len(order) // size)
    return [order[len(order) * at // count : len(order) * (at + 1) // count] for at in range(count)]


class Conversations:
    """Writes prompts as one tokenizer's chat template has them."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Take the tokenizer; raise ModelError where it has no chat template."""
        if not tokenizer.chat_template:
            raise ModelError(
                f"{tokenizer.name_or_path}: its tokenizer has no chat template;"
                " take an instruction-tuned model as teacher"
            )
        self._tokenizer = tokenizer
        special = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
        self._special = re.compile(
            "|".join(map(re.escape, sorted(special | set(tokenizer.all_special_tokens))))
        )

    def tokens(self, ask: Ask) -> Tokens:
        """Return the prompt of `ask`, up to and with the beginning of the reply."""
        turns = messages(
            ask.model_copy(update={"answer": self._plain(ask.answer), "text": self._plain(ask.text)})
        )
        # Templates of models that think first know the last option; others ignore it.
        text = self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        opening = self._plain(ask.opening)
        tokens: Tokens = self._tokenizer(f"{text}{opening}", add_special_tokens=False)["input_ids"]
        return tokens

    def _plain(self, text: str) -> str:
        return self._special.sub(" ", text)


def load_teacher(config: EmbeddedTeacher | TransformersTeacher, folder: Path) -> PreTrainedModel:
    """Load the model in `folder`: bfloat16 on a GPU, float32 on the CPU, 4 bits by choice (QLoRA's)."""
    large = isinstance(config, TransformersTeacher)
    dtype = torch.bfloat16 if large and torch.cuda.is_available() else torch.float32
    options = gpu_options()
    if isinstance(config, TransformersTeacher) and config.quantization == "nf4":
        options["quantization_config"] = nf4(dtype, double=True)
    return load_model(folder, dtype, **options)


def vocabulary_size(model: PreTrainedModel) -> int:
    """Return the number of token ids that the model tells apart, padding included."""
    return int(model.config.get_text_config().vocab_size)
