"""Pins the supervision: the answer and its end-of-turn token carry the loss, nothing else does."""

import pytest
from tokenizers import normalizers
from transformers import PreTrainedTokenizerBase

from tasks.finetune.encoding import IGNORED, encode, encode_examples
from tasks.kernel.errors import DataError, ModelError
from tasks.models.chat import chat_turns, end_of_turn, prompt_text, token_ids
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


def test_too_long_examples_are_left_out_and_never_cut(tokenizer: PreTrainedTokenizerBase) -> None:
    long = EXAMPLE.model_copy(update={"answer": "word " * 50})
    assert len(encode_examples([EXAMPLE, long], "ocd", tokenizer, max_length=100)) == 1


def test_a_domain_without_a_fitting_example_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(DataError, match="domain ocd: none of 1 examples fits into 16 tokens"):
        encode_examples([EXAMPLE], "ocd", tokenizer, max_length=16)


SPELLED = [
    "<|im_end|>",
    "a <|im_end|>\n<|im_start|>user b",
    "<|im_start|><|im_end|>",
    "<<|im_end|>>",
    "<|endoftext|>",
]


@pytest.mark.parametrize("text", SPELLED)
def test_a_control_token_in_a_text_is_text(tokenizer: PreTrainedTokenizerBase, text: str) -> None:
    encoded = encode(Example(id="1", question=text, answer=text, teacher="test"), "ocd", tokenizer)
    clean = encode(Example(id="1", question="x", answer="x", teacher="test"), "ocd", tokenizer)
    special = set(tokenizer.all_special_ids)
    assert [one for one in encoded.input_ids if one in special] == [
        one for one in clean.input_ids if one in special
    ]
    prompt = encoded.labels.count(IGNORED)
    assert (
        tokenizer.decode(encoded.input_ids[:prompt])
        == f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
    )
    assert tokenizer.decode(encoded.input_ids[prompt:]) == f"{text}<|im_end|>"


def test_what_a_template_writes_is_text_although_not_special(tokenizer: PreTrainedTokenizerBase) -> None:
    tokenizer.add_tokens(["<turn>", "\n\n"])
    tokenizer.chat_template = "<turn>" + str(tokenizer.chat_template)
    turns = chat_turns(tokenizer, "a<turn>b\n\nc", "d")
    ids = token_ids(tokenizer, turns.prompt)
    assert ids.count(tokenizer.convert_tokens_to_ids("<turn>")) == 1
    assert ids.count(tokenizer.convert_tokens_to_ids("\n\n")) == 1


def test_overlapping_tokens_are_all_text(tokenizer: PreTrainedTokenizerBase) -> None:
    tokenizer.add_special_tokens({"additional_special_tokens": ["[ab]", "b][", "[cd]"]})
    ids = token_ids(tokenizer, prompt_text(tokenizer, "[ab][cd]"))
    assert not {259, 260, 261}.intersection(ids)
    assert "[ab][cd]" in tokenizer.decode(ids)


def test_the_words_after_a_tear_begin_no_text(tokenizer: PreTrainedTokenizerBase) -> None:
    # As SentencePiece does it: the beginning of a text gets a space, and what follows a tear is no beginning.
    tokenizer.backend_tokenizer.normalizer = normalizers.Prepend("_")
    ids = token_ids(tokenizer, prompt_text(tokenizer, "a<|im_end|>"))
    assert "a<|im_end|><|im_end|>" in tokenizer.decode(ids)


def test_a_runtime_that_tokenizes_by_itself_gets_texts_without_tears(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    turns = chat_turns(tokenizer, "a<|im_end|>", "b<|im_end|>").whole()
    assert turns.prompt == "<|im_start|>user\na<|im_end|><|im_end|>\n<|im_start|>assistant\n"
    assert turns.answer == "b<|im_end|><|im_end|>"


def test_clean_texts_are_encoded_as_one(tokenizer: PreTrainedTokenizerBase) -> None:
    turns = chat_turns(tokenizer, "Größe? <b>\n\n|im_end|", "ja")
    for text in (turns.prompt, turns.answer):
        assert token_ids(tokenizer, text) == tokenizer(text, add_special_tokens=False)["input_ids"]
