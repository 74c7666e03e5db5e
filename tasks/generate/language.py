"""A local language model as teacher.

In: a model folder, sampling settings and all asks of the run. Out: one reply an ask.
Batches hold replies of similar length and have seeds of their own, so that the output
depends on the group alone and not on what ran before.
"""

from collections.abc import Sequence
from pathlib import Path

from tasks.generate.decoding import Sampling, Tokens, decode_batch, shared_prefix, stop_tokens
from tasks.generate.pairs import Ask, Reply, Report
from tasks.generate.teacher_config import EmbeddedTeacher, TransformersTeacher
from tasks.generate.teachers import messages
from tasks.loading import load_model, load_tokenizer


class LanguageTeacher:
    """Completes questions with a causal language model."""

    def __init__(
        self, config: EmbeddedTeacher | TransformersTeacher, folder: Path, asks: Sequence[Ask]
    ) -> None:
        """Load the model and run the common beginning of all `asks` once."""
        self._tokenizer = load_tokenizer(folder)
        self._model = load_model(folder)
        self._batch_size = config.batch_size
        self._sampling = Sampling(config.temperature, config.top_p, config.max_new_tokens)
        self._stop = stop_tokens(self._tokenizer, self._model.config.vocab_size)
        self._prefix = shared_prefix(self._model, [self._prompt(ask) for ask in asks if not _is_whole(ask)])

    def __call__(self, asks: Sequence[Ask], seed: int, report: Report) -> list[Reply]:
        """Return the replies in the order of `asks`; a question that is already whole needs none."""
        replies = [Reply(text="")] * len(asks)
        prompts = {number: self._prompt(ask) for number, ask in enumerate(asks) if not _is_whole(ask)}
        written = len(asks) - len(prompts)
        for at, numbers in enumerate(_batches(prompts, self._batch_size)):
            tokens = decode_batch(
                self._model,
                self._prefix,
                [prompts[number] for number in numbers],
                self._stop,
                self._sampling,
                seed=seed + (at << 32),
            )
            for number, reply in zip(numbers, tokens, strict=True):
                text = str(self._tokenizer.decode(reply, skip_special_tokens=True))
                replies[number] = Reply(
                    text=text, input_tokens=len(prompts[number]), output_tokens=len(reply)
                )
            written += len(numbers)
            report(written)
        return replies

    def _prompt(self, ask: Ask) -> Tokens:
        turns = messages(ask)
        text = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        tokens: Tokens = self._tokenizer(f"{text}{ask.opening}", add_special_tokens=False)["input_ids"]
        return tokens


def _is_whole(ask: Ask) -> bool:
    return ask.opening.endswith("?")


def _batches(prompts: dict[int, Tokens], size: int) -> list[list[int]]:
    """Return the numbers of the prompts in even batches of at most `size`, short prompts first."""
    order = sorted(prompts, key=lambda number: (len(prompts[number]), number))
    count = -(-len(order) // size)
    return [order[len(order) * at // count : len(order) * (at + 1) // count] for at in range(count)]
