"""Tiny real models for tests: every product path runs on them in seconds.

In: a seed and a width. Out: a folder in the Hugging Face layout, with a byte-level
tokenizer that knows the ChatML turns, or BERT's frame.
"""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from tasks.models.sources import TinyEncoder, TinyModel

BERT_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
SPECIAL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHAT_TEMPLATE = (
    "{%- for message in messages -%}{{- '<|im_start|>' + message['role'] + '\\n' -}}"
    "{%- if message['content'] is string -%}{{- message['content'] -}}{%- else -%}"
    "{%- for part in message['content'] -%}{{- part['text'] -}}{%- endfor -%}{%- endif -%}"
    "{{- '<|im_end|>\\n' -}}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)


def save_tiny_model(folder: Path, source: TinyModel) -> None:
    """Write a random two-layer Llama and its byte-level tokenizer to `folder`."""
    tokenizer = byte_tokenizer()
    torch.manual_seed(source.seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=source.hidden_size,
        intermediate_size=2 * source.hidden_size,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        pad_token_id=SPECIAL_TOKENS.index("<|endoftext|>"),
        bos_token_id=SPECIAL_TOKENS.index("<|im_start|>"),
        eos_token_id=SPECIAL_TOKENS.index("<|im_end|>"),
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def save_tiny_encoder(folder: Path, source: TinyEncoder) -> None:
    """Write a random two-layer BERT and its byte-level tokenizer to `folder`."""
    tokenizer = _framing_tokenizer()
    torch.manual_seed(source.seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=source.hidden_size,
        intermediate_size=2 * source.hidden_size,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=128,
        pad_token_id=BERT_TOKENS.index("[PAD]"),
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer with one token a byte and the three ChatML specials."""
    return PreTrainedTokenizerFast(
        tokenizer_object=_byte_level(SPECIAL_TOKENS),
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        chat_template=CHAT_TEMPLATE,
    )


def _framing_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = _byte_level(BERT_TOKENS)
    ends = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=128,
    )


def _byte_level(specials: list[str]) -> Tokenizer:
    """Return a tokenizer with one token a byte, after its special tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate(specials + alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(specials)
    return tokenizer
