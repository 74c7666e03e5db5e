"""The trial of a bundle: what the runtime makes of it is what the model was trained with, or it fails."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_bundle import convert_tiny

from tasks.kernel.errors import ModelError

pytestmark = pytest.mark.models

MadeOnce = Callable[[str, Callable[[Path], object]], Path]
END, START = 2, 1
"""Of a turn: the tiny model's tokens."""


@pytest.fixture
def made(made_once: MadeOnce) -> Path:
    return made_once("tiny-bundle", convert_tiny)


def tried(made: Path, bundle: Path | None = None, template: str = "") -> dict[str, float]:
    from tasks.models.bundle_trial import try_bundle
    from tasks.models.loading import load_tokenizer

    tokenizer = load_tokenizer(made / "merged")
    if template:
        tokenizer.chat_template = tokenizer.chat_template.replace(*template.split("->"))
    return try_bundle(bundle or made / "edge" / "model.litertlm", tokenizer)


def other_end(bundle: Path, target: Path) -> Path:
    """Copy a bundle whose turns are ended by another token: as long, so that nothing moves."""
    from litert_lm_builder.runtime.proto.llm_metadata_pb2 import LlmMetadata

    from tasks.convert.bundle_file import sections

    content = bytearray(bundle.read_bytes())
    part = next(one for one in sections(bundle) if one.kind == "LlmMetadataProto")
    told = LlmMetadata.FromString(bytes(content[part.begin : part.end]))
    for token in told.stop_tokens:
        token.token_ids.ids[0] = START
    content[part.begin : part.end] = told.SerializeToString(deterministic=True)
    target.write_bytes(content)
    return target


def test_a_bundle_of_random_weights_passes_and_tells_its_speed(made: Path) -> None:
    speeds = tried(made)
    assert set(speeds) == {
        "init_seconds",
        "prefill_tokens_per_second",
        "decode_tokens_per_second",
        "time_to_first_token_ms",
    }
    assert min(speeds.values()) > 0


def test_another_template_than_in_training_is_refused_with_both_prompts(made: Path) -> None:
    with pytest.raises(ModelError, match=r"writes the prompt as '<\|im_start\|>.*training as '<\|im_begin"):
        tried(made, template="im_start->im_begin")


def test_a_bundle_that_would_not_end_an_answer_is_refused_with_the_token(made: Path, tmp_path: Path) -> None:
    endless = other_end(made / "edge" / "model.litertlm", tmp_path / "model.litertlm")
    with pytest.raises(ModelError, match=f"the token {END}, which ends a turn"):
        tried(made, endless)


@pytest.mark.parametrize(
    ("reply", "held"),
    [
        ('{"helps":true}', True),
        ('{"helps": false}', True),
        ('{"helps":"yes"}', False),
        ('{"helps":true,"why":1}', False),
        ('{"helps":true', False),
        ("Yes.", False),
        ("[]", False),
    ],
)
def test_only_json_of_the_form_that_was_asked_for_passes(reply: str, *, held: bool) -> None:
    from tasks.models.bundle_trial import is_held

    assert is_held(reply) == held
