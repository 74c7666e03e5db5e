"""A language model that sees the passage as judge.

In: passages and pairs. Out: the probability of `yes` against `no` as the next token, so that nothing has to
be written or parsed. Texts are data: they cannot end the turn, because special tokens are taken out of them.
"""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerBase

from tasks.generate.judging.judge_input import JudgeQuestion, windows
from tasks.kernel.errors import ModelError
from tasks.models.chat import prompt_text, token_ids
from tasks.models.loading import load_model, load_tokenizer
from tasks.records.dataset import Example

_WORDS = {"yes": ("Yes", "yes", "YES", " Yes", " yes"), "no": ("No", "no", "NO", " No", " no")}


class YesNoModel:
    """A causal language model with a chat template."""

    def __init__(self, folder: Path) -> None:
        """Load model and tokenizer; raise ModelError where either is missing or cannot say yes and no."""
        self._tokenizer = load_tokenizer(folder)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = load_model(folder)
        torch.nn.Module.to(self._model, self._device)
        self._limit = int(self._model.config.max_position_embeddings)
        self._yes, self._no = word_tokens(self._tokenizer)

    @torch.inference_mode()
    def __call__(self, questions: Sequence[JudgeQuestion]) -> list[float]:
        """Return the probability of yes by the best piece of each passage."""
        prompts = [self._prompts(question) for question in questions]
        rows = list(chain.from_iterable(prompts))
        width = max(map(len, rows))
        ids = torch.tensor([[0] * (width - len(row)) + row for row in rows], device=self._device)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=self._device)
        logits = self._model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0),
            logits_to_keep=1,
        ).logits[:, -1]
        yes, no = (logits[:, tokens].float().logsumexp(-1) for tokens in (self._yes, self._no))
        found = iter((yes - no).sigmoid().tolist())
        return [max(next(found) for _ in pieces) for pieces in prompts]

    def _prompts(self, question: JudgeQuestion) -> list[list[int]]:
        sentences = [self._plain(sentence) for sentence in question.sentences]
        bare = len(self._tokens("", question.example))
        sizes = [len(token_ids(self._tokenizer, sentence)) + 1 for sentence in sentences]
        pieces = windows(sentences, sizes, self._limit - bare)
        return [self._tokens(piece, question.example)[-self._limit :] for piece in pieces]

    def _tokens(self, passage: str, example: Example) -> list[int]:
        text = judge_prompt(passage, self._plain(example.question), self._plain(example.answer))
        return token_ids(self._tokenizer, prompt_text(self._tokenizer, text))

    def _plain(self, text: str) -> str:
        for token in self._tokenizer.all_special_tokens:
            text = text.replace(token, " ")
        return text


def judge_prompt(passage: str, question: str, answer: str) -> str:
    """Return what the judge is asked."""
    return (
        f"Passage:\n{passage}\n\nQuestion: {question}\nAnswer: {answer}\n\n"
        "Does the passage say so, and is the question clear without the passage and answered by the answer?"
        " Reply with yes or no."
    )


def word_tokens(tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[int]]:
    """Return the tokens that begin yes and those that begin no; raise ModelError where these are the same."""
    yes, no = ({token_ids(tokenizer, form)[0] for form in _WORDS[word]} for word in ("yes", "no"))
    if not yes - no or not no - yes:
        raise ModelError(
            "judging.judge.model: its tokenizer begins yes and no with the same tokens; choose another model"
        )
    return sorted(yes - no), sorted(no - yes)
