"""Pins scoring and answering: answer tokens only, whatever the batch, greedy as alone."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tasks.evaluate.measuring.answer_scoring import BATCH_TOKENS, Encoded, batches, encode, score_answers
from tasks.evaluate.measuring.generation import Decoding, answer
from tasks.kernel.errors import DataError
from tasks.kernel.workspace import silent
from tasks.models.chat import chat_turns
from tasks.models.loading import load_model, load_tokenizer
from tasks.statistics.bootstrap import perplexity

pytestmark = pytest.mark.models

Tiny = Callable[[int], Path]


def ignore(count: int) -> None:
    silent(count, count, "questions")


def test_the_answer_ends_with_the_turn_and_the_prompt_where_it_begins(tiny: Tiny) -> None:
    turns = chat_turns(load_tokenizer(tiny(0)), "Why?", "Because.")
    assert turns.prompt == "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    assert turns.answer == "Because.<|im_end|>"


def test_perplexity_is_what_a_hand_computation_over_three_tokens_gives(tiny: Tiny) -> None:
    model, text = load_model(tiny(0)), Encoded(prompt=(1, 40, 50), answer=(60, 70, 2))
    with torch.inference_mode():
        logits = model(torch.tensor([[1, 40, 50, 60, 70, 2]])).logits[0].double()
    chances = [
        float(logits[row].exp()[token] / logits[row].exp().sum()) for row, token in ((2, 60), (3, 70), (4, 2))
    ]
    (loss,) = score_answers(model, [text], 1, ignore)
    assert perplexity([loss]) == pytest.approx(math.prod(chances) ** (-1 / 3), rel=1e-5)
    assert loss.tokens == 3


def test_a_batch_of_unequal_texts_scores_like_each_alone(tiny: Tiny) -> None:
    model = load_model(tiny(0))
    texts = [Encoded((1, 40), (60, 2)), Encoded((1, *range(20, 60)), (7, 8, 9)), Encoded((1,), (30,) * 12)]
    together = score_answers(model, texts, 3, ignore)
    alone = [score_answers(model, [text], 1, ignore)[0] for text in texts]
    assert [loss.nats for loss in together] == pytest.approx([loss.nats for loss in alone], rel=1e-5)
    assert [loss.tokens for loss in together] == [2, 3, 12]


def test_batches_hold_every_text_once_within_both_bounds() -> None:
    texts = [Encoded((1,) * 9, (2,) * length) for length in (1, 1500, 3, 1500, 5, 1500, 9000)]
    found = list(batches(texts, 2))
    assert sorted(position for batch in found for position in batch) == list(range(7))
    assert found[-1] == [6]
    assert all(len(batch) <= 2 for batch in found)
    assert all(len(batch) * 1509 <= BATCH_TOKENS for batch in found[:-1])
    assert max(len(batch) for batch in batches(texts[1::2], 16)) == BATCH_TOKENS // 1509


def test_a_long_answer_is_cut_and_a_question_without_room_is_an_error(tiny: Tiny) -> None:
    tokenizer = load_tokenizer(tiny(0))
    turns = chat_turns(tokenizer, "Why?", "Because of " + "this " * 50)
    whole = encode(tokenizer, turns, 2048)
    cut = encode(tokenizer, turns, len(whole.prompt) + 5)
    assert (cut.prompt, cut.answer) == (whole.prompt, whole.answer[:5])
    with pytest.raises(DataError, match="max_length"):
        encode(tokenizer, turns, len(whole.prompt))


def test_greedy_answers_of_a_batch_are_those_given_alone(tiny: Tiny) -> None:
    model, tokenizer = load_model(tiny(0)), load_tokenizer(tiny(0))
    prompts = [
        chat_turns(tokenizer, question, "x").prompt for question in ("Why?", "What is a much longer one?")
    ]
    greedy = Decoding(max_new_tokens=12, temperature=0.0, seed=0)
    alone = [answer(model, tokenizer, [prompt], greedy, 1, ignore)[0] for prompt in prompts]
    assert all(len(text) > 4 for text in alone)
    assert answer(model, tokenizer, prompts, greedy, 2, ignore) == alone


def test_sampled_answers_repeat_with_their_seed(tiny: Tiny) -> None:
    model, tokenizer = load_model(tiny(0)), load_tokenizer(tiny(0))
    prompts = [chat_turns(tokenizer, "Why?", "x").prompt]
    sampled = [answer(model, tokenizer, prompts, Decoding(12, 1.0, seed), 1, ignore)[0] for seed in (1, 1, 2)]
    assert sampled[0] == sampled[1] != sampled[2]
