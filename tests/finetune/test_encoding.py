"""Pins the supervision: the answer and its end-of-turn token carry the loss, nothing else does."""

import pytest
from transformers import DataCollatorForLanguageModeling, PreTrainedTokenizerBase

from tasks.finetune.encoding import IGNORED, encode, encode_examples
from tasks.finetune.train_loop import check_supervision
from tasks.kernel.errors import DataError, ModelError
from tasks.models.chat import end_of_turn
from tasks.models.tiny import byte_tokenizer
from tasks.records.dataset import Example

pytestmark = pytest.mark.models

EXAMPLE = Example(id="1", question=" Why? ", answer="Because.\n", teacher="test")


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerBase:
    return byte_tokenizer()


@pytest.mark.parametrize("padding", ["<|endoftext|>", "<|im_end|>"])
def test_labels_are_the_answer_and_its_end(tokenizer: PreTrainedTokenizerBase, padding: str) -> None:
    tokenizer.pad_token = padding
    encoded = encode(EXAMPLE, "ocd", tokenizer)
    supervised = [label for label in encoded.labels if label != IGNORED]
    assert tokenizer.decode(supervised) == "Because.<|im_end|>"
    assert list(encoded.input_ids[-len(supervised) :]) == supervised


def test_the_prompt_is_what_generation_starts_from(tokenizer: PreTrainedTokenizerBase) -> None:
    encoded = encode(EXAMPLE, "ocd", tokenizer)
    unsupervised = encoded.labels.count(IGNORED)
    question = [{"role": "user", "content": "Why?"}]
    prompt = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_dict=False)
    assert list(encoded.input_ids[:unsupervised]) == prompt


def test_the_end_of_turn_is_found_from_the_template(tokenizer: PreTrainedTokenizerBase) -> None:
    tokenizer.eos_token = tokenizer.pad_token
    assert end_of_turn(tokenizer) == tokenizer.convert_tokens_to_ids("<|im_end|>")


def test_a_template_that_never_ends_a_turn_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    tokenizer.chat_template = "{%- for message in messages -%}{{- message['content'] -}}{%- endfor -%}"
    with pytest.raises(ModelError, match="never stop"):
        encode(EXAMPLE, "ocd", tokenizer)


def test_a_tokenizer_without_a_template_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    tokenizer.chat_template = None
    with pytest.raises(ModelError, match="instruction-tuned"):
        encode(EXAMPLE, "ocd", tokenizer)


def test_a_collator_that_masks_the_end_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    tokenizer.pad_token = tokenizer.eos_token
    collator = DataCollatorForLanguageModeling(tokenizer, mlm=False)
    with pytest.raises(ModelError, match="padding token"):
        check_supervision(collator, [encode(EXAMPLE, "ocd", tokenizer)])


def test_too_long_examples_are_left_out_and_never_cut(tokenizer: PreTrainedTokenizerBase) -> None:
    long = EXAMPLE.model_copy(update={"answer": "word " * 50})
    assert len(encode_examples([EXAMPLE, long], "ocd", tokenizer, max_length=100)) == 1


def test_a_domain_without_a_fitting_example_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(DataError, match="domain ocd: none of 1 examples fits into 16 tokens"):
        encode_examples([EXAMPLE], "ocd", tokenizer, max_length=16)
