"""Every piece of configuration that README and the guides show is valid, the commented variants too."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from docs_pages import Code, blocks, pages

from flows.config import load_config

AROUND = "name: shown\ndomains: {shown: {documents: library/shown}}\n"
"""What a fragment is laid on."""
_VALUE = re.compile(r"^(\s*\w+: )\{.*$")
_VARIANT = re.compile(r"^\s*# (\{.*\})")


def pieces() -> list[Code]:
    return [
        piece
        for page, text in pages().items()
        for block in blocks(page, text, "yaml")
        for piece in (block, *variants(block))
    ]


def variants(block: Code) -> Iterator[Code]:
    """Yield the block with each `# {...}` in the place of the value above it."""
    lines = block.text.splitlines()
    at = -1
    for number, line in enumerate(lines):
        if _VALUE.match(line):
            at = number
        if found := _VARIANT.match(line):
            field = _VALUE.match(lines[at])
            assert field, f"{block.place}: {line.strip()}: no value above it"
            changed = [*lines[:at], f"{field[1]}{found[1]}", *lines[at + 1 :]]
            yield Code(f"{block.place} (+{number})", "\n".join(changed))


def validate(text: str, folder: Path) -> None:
    """Raise ConfigError where the text is no configuration, and no part of one."""
    around, shown = folder / "around.yaml", folder / "shown.yaml"
    around.write_text(AROUND, encoding="utf-8")
    shown.write_text(text, encoding="utf-8")
    load_config([around, shown])


@pytest.mark.parametrize("piece", pieces(), ids=lambda piece: piece.place)
def test_every_piece_of_configuration_is_valid(piece: Code, tmp_path: Path) -> None:
    validate(piece.text, tmp_path)


def test_commented_variants_are_found() -> None:
    assert sum("(+" in piece.place for piece in pieces()) >= 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("finetune: {rnak: 8}", "finetune.rnak: no such field"),
        ("domains: {one: {documents: a, finetune: {adapter: {rank: 0}}}}", "greater than or equal to 1"),
        ("route: {router: {kind: oracle}}", "oracle"),
        ("out_of_scope: {tests: a.jsonl}", "no such field"),
    ],
)
def test_a_wrong_piece_is_told(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        validate(text, tmp_path)
