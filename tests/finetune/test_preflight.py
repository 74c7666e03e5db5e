"""Pins what is looked at before training: faults are refused by the name of their check."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from peft import PeftModel
from small_training import MakeWorkspace
from tokenizers import normalizers
from transformers import DataCollatorForLanguageModeling, PreTrainedTokenizerBase

from tasks.finetune.batches import Batch, Collator, Row, collate, padded
from tasks.finetune.config import FinetuneConfig
from tasks.finetune.encoding import IGNORED, encode
from tasks.finetune.network import adapted_model
from tasks.finetune.preflight import PreflightError, check_batch, check_template, check_vocabulary, sample_of
from tasks.finetune.run import run
from tasks.models.tiny import byte_tokenizer
from tasks.records.dataset import Example

pytestmark = pytest.mark.models

EXAMPLES = [
    Example(id=str(number), question=f"Why {number}?", answer=f"Because of {number}.", teacher="test")
    for number in range(3)
]


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerBase:
    return byte_tokenizer()


@pytest.fixture(scope="module")
def model(base: Path) -> PeftModel:
    return adapted_model(base, FinetuneConfig(compute_dtype="float32", quantization="none"))


@pytest.mark.parametrize("collator", [collate, padded])
def test_sound_batches_pass(tokenizer: PreTrainedTokenizerBase, collator: Collator) -> None:
    check_template(EXAMPLES, tokenizer)
    check_batch(collator, [encode(one, "x", tokenizer) for one in EXAMPLES], tokenizer)


def test_a_collator_that_masks_the_end_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    tokenizer.pad_token = tokenizer.eos_token
    collator = DataCollatorForLanguageModeling(tokenizer, mlm=False)
    with pytest.raises(PreflightError, match=r"`end_of_turn`.*padding token"):
        check_batch(collator, [encode(EXAMPLES[0], "x", tokenizer)], tokenizer)


def test_labels_that_do_not_reach_the_end_are_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    whole = encode(EXAMPLES[0], "x", tokenizer)
    short = replace(whole, labels=(*whole.labels[:-1], IGNORED))
    with pytest.raises(PreflightError, match="`end_of_turn`"):
        check_batch(collate, [short], tokenizer)


@pytest.mark.parametrize("kept", [1, 10_000])
def test_a_loss_on_nothing_or_on_all_is_refused(tokenizer: PreTrainedTokenizerBase, kept: int) -> None:
    whole = encode(EXAMPLES[0], "x", tokenizer)
    ids = whole.input_ids
    masked = tuple(IGNORED if place < len(ids) - kept else token for place, token in enumerate(ids))
    with pytest.raises(PreflightError, match="`answer_mask`: an example has its loss on nothing or on all"):
        check_batch(collate, [replace(whole, labels=masked)], tokenizer)


def test_a_batch_whose_labels_moved_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    def moved(rows: Sequence[Row]) -> Batch:
        batch = collate(rows)
        return {**batch, "labels": batch["labels"].roll(1, dims=1)}

    with pytest.raises(PreflightError, match="`answer_mask`: a batch"):
        check_batch(moved, [encode(one, "x", tokenizer) for one in EXAMPLES], tokenizer)


def test_a_tokenizer_that_loses_the_text_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    tokenizer.backend_tokenizer.normalizer = normalizers.Lowercase()
    with pytest.raises(PreflightError, match=r"`template`: 3 of 3 texts .*why 0"):
        check_template(EXAMPLES, tokenizer)


def test_a_tokenizer_with_other_tokens_than_the_base_is_refused(
    tokenizer: PreTrainedTokenizerBase, model: PeftModel
) -> None:
    check_vocabulary(model, tokenizer, [encode(one, "x", tokenizer) for one in EXAMPLES])
    tokenizer.add_tokens(["Because"])
    with pytest.raises(PreflightError, match=r"`vocabulary`: the tokenizer has 260 tokens .* table of 259"):
        check_vocabulary(model, tokenizer, [encode(one, "x", tokenizer) for one in EXAMPLES])


def test_a_base_with_a_far_larger_table_is_refused(tokenizer: PreTrainedTokenizerBase, base: Path) -> None:
    model = adapted_model(base, FinetuneConfig(compute_dtype="float32", quantization="none"))
    model.resize_token_embeddings(400)
    with pytest.raises(PreflightError, match="`vocabulary`"):
        check_vocabulary(model, tokenizer, [encode(EXAMPLES[0], "x", tokenizer)])


def test_a_base_that_ends_texts_with_a_piece_of_text_is_refused(
    tokenizer: PreTrainedTokenizerBase, base: Path
) -> None:
    model = adapted_model(base, FinetuneConfig(compute_dtype="float32", quantization="none"))
    model.config.eos_token_id = [2, tokenizer.convert_tokens_to_ids("x")]
    with pytest.raises(PreflightError, match=r"`special_tokens`: `eos_token_id` .* spells 'x'"):
        check_vocabulary(model, tokenizer, [encode(EXAMPLES[0], "x", tokenizer)])


@pytest.mark.parametrize(("most", "refused"), [(0.2, True), (0.5, False)])
def test_too_many_long_examples_are_refused(
    base: Path, tmp_path: Path, workspace: MakeWorkspace, most: float, *, refused: bool
) -> None:
    long = [one.model_copy(update={"answer": "word " * 50}) for one in EXAMPLES[:1]]
    for split, examples in {"train": [*EXAMPLES[1:], *long], "validation": EXAMPLES}.items():
        lines = "".join(one.model_dump_json() + "\n" for one in examples)
        (tmp_path / f"{split}.jsonl").write_text(lines)
    config = FinetuneConfig(
        compute_dtype="float32", quantization="none", max_length=100, max_left_out=most, num_epochs=1
    )
    if refused:
        with pytest.raises(PreflightError, match="`left_out`: domain x: 1 of 3 training examples"):
            run({"base": base, "qa/x": tmp_path}, config, workspace())
        return
    run({"base": base, "qa/x": tmp_path}, config, workspace())
    record = json.loads((workspace().out / "training.json").read_text())
    assert record["left_out"] == {"x": 1}
    assert [piece["supervised"] for piece in record["sample"]] == [False, True]


@pytest.mark.parametrize("collator", [collate, padded])
def test_the_sample_is_an_example_as_the_model_reads_it(
    tokenizer: PreTrainedTokenizerBase, collator: Collator
) -> None:
    prompt, answer = sample_of(encode(EXAMPLES[0], "x", tokenizer), collator, tokenizer)
    assert (prompt.text, prompt.supervised) == (
        "<|im_start|>user\nWhy 0?<|im_end|>\n<|im_start|>assistant\n",
        False,
    )
    assert (answer.text, answer.supervised) == ("Because of 0.<|im_end|>", True)
