"""Pins which files are a data set and which split they belong to: none is left out without a word."""

import gzip
import json
import logging
import os
from pathlib import Path

import pytest

from tasks.kernel.errors import DocumentError
from tests.ingest.data_sets import Ingested, good, ingested, json_lines, written

SPLITS = {"train": "train", "test": "test"}
ROW = {"q": "What is it?", "a": "An answer."}


def named(folder: Path, *names: str) -> Path:
    """Write a data set whose rows ask for the name of their file."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        json_lines(path, {"q": name, "a": "x"})
    return folder


def split_of(found: Ingested) -> dict[str, str | None]:
    return {example.question: example.split for example in found.examples}


def test_what_a_mac_leaves_beside_a_file_is_left_out(tmp_path: Path) -> None:
    folder = named(tmp_path / "set", "train.jsonl")
    written(folder / "._train.jsonl", b"\x00\x05\x16\x07Mac OS X\xb0")
    written(folder / "__MACOSX" / "train.jsonl", b"\x00\x05\xb0")
    written(folder / ".cache" / "train.jsonl", b"\x00\x05\xb0")
    assert split_of(ingested(folder)) == {"train.jsonl": None}


@pytest.mark.parametrize(
    "names",
    [
        ("test-00000-of-00001.jsonl", "train-00000-of-00002.jsonl", "train-00001-of-00002.jsonl"),
        ("test-00001-of-00001.jsonl", "train-00001-of-00002.jsonl", "train-00002-of-00002.jsonl"),
        ("test-00000-of-00001-a09b74b3ef9c3b56.jsonl", "train.jsonl", "train-00001.jsonl"),
        ("test.jsonl", "train_0.jsonl", "train_part2.jsonl", "train.part3.jsonl", "train-shard-4.jsonl"),
        ("test.0-of-1.jsonl", "train.00000-of-00002.jsonl", "train.00001-of-00002.jsonl"),
        ("test/0000.jsonl", "train/0000.jsonl", "train/data-00000-of-00001.jsonl"),
    ],
)
def test_shards_belong_to_their_split(tmp_path: Path, names: tuple[str, ...]) -> None:
    found = ingested(named(tmp_path / "set", *names), splits=SPLITS)
    assert split_of(found) == {name: "train" if name.startswith("train") else "test" for name in names}


def test_a_split_that_looks_like_a_shard_is_a_split(tmp_path: Path) -> None:
    folder = named(tmp_path / "set", "fold-1.jsonl", "fold-2.jsonl")
    assert split_of(ingested(folder, splits={"fold-1": "train", "fold-2": "test"})) == {
        "fold-1.jsonl": "train",
        "fold-2.jsonl": "test",
    }


def test_a_split_is_known_in_either_form_of_its_letters(tmp_path: Path) -> None:
    folder = named(tmp_path / "set", "pru\u0308fung.jsonl", "train.jsonl")
    found = ingested(folder, splits={"pr\u00fcfung": "test", "train": "train"})
    assert split_of(found) == {"pru\u0308fung.jsonl": "test", "train.jsonl": "train"}


def test_a_missing_shard_is_told(tmp_path: Path) -> None:
    folder = named(tmp_path / "set", "train-00000-of-00003.jsonl", "train-00002-of-00003.jsonl")
    with pytest.raises(DocumentError, match="of the 3 shards of `train` these are missing: 1;"):
        ingested(folder)


def test_a_name_that_only_begins_like_a_split_is_refused(tmp_path: Path) -> None:
    folder = named(tmp_path / "set", "test.jsonl", "train.jsonl", "train2.jsonl")
    with pytest.raises(DocumentError, match=r"train2\.jsonl: it may belong to the split `train` or not"):
        ingested(folder, splits=SPLITS)


def test_a_split_without_a_file_is_told(tmp_path: Path) -> None:
    folder = named(tmp_path / "set", "train.jsonl", "dev.jsonl")
    with pytest.raises(
        DocumentError, match="no file of the split `test`, only of dev, train; correct `splits`"
    ):
        ingested(folder, splits=SPLITS)


def test_files_that_are_left_out_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = named(tmp_path / "set", "test.jsonl", "train.jsonl", "prompt.jsonl")
    written(folder / "more.xlsx", "x")
    with caplog.at_level(logging.WARNING):
        found = ingested(folder, splits=SPLITS)
    assert found.counts["other_split"] == 1
    assert "no data files: more.xlsx" in caplog.text
    assert "not in `splits`: prompt.jsonl" in caplog.text


def test_linked_folders_are_read_and_loops_end(tmp_path: Path) -> None:
    folder = named(tmp_path / "set", "a.jsonl")
    (folder / "more").symlink_to(named(tmp_path / "elsewhere", "b.jsonl"))
    (folder / "again").symlink_to(folder)
    assert split_of(ingested(folder)) == {"a.jsonl": None, "b.jsonl": None}


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    folder = named(tmp_path / "set", "a.jsonl")
    (folder / "b.jsonl").symlink_to(tmp_path / "gone.jsonl")
    with pytest.raises(DocumentError, match=r"b\.jsonl: leads to no file"):
        ingested(folder)


def test_a_name_that_is_not_utf_8_can_be_told(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    path = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.jsonl"))
    rows = [*good(150), {"q": "x?", "a": True}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert ingested(folder).refused[0].file == "caf\\udce9.jsonl"
    path.write_text('{"q": "x?"}', encoding="utf-8")
    with pytest.raises(DocumentError, match="no column `a`") as told:
        ingested(folder.rename(tmp_path / "again"))
    assert str(told.value).encode("utf-8")


@pytest.mark.parametrize("text", ['{"q": "x?", "a": "y"}\n{"q": "z?", "a": "y"}\n', '\n{"q": 1}\n\n{"q": 2}'])
def test_lines_in_a_json_file_are_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(DocumentError, match=r"a\.json:\d: one JSON object a line; name it \.jsonl"):
        ingested(written(tmp_path / "a.json", text))


def test_a_list_in_a_file_of_lines_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"a\.jsonl: one JSON list and no object a line; name it \.json"):
        ingested(written(tmp_path / "a.jsonl", json.dumps([ROW], indent=1)))


@pytest.mark.parametrize("damage", ["flipped", "cut", "foreign"])
def test_a_damaged_gzip_file_is_told_in_one_message(tmp_path: Path, damage: str) -> None:
    whole = gzip.compress("".join(json.dumps(row) + "\n" for row in good(5000)).encode())
    middle = len(whole) // 2
    content = {
        "flipped": whole[:middle]
        + bytes(255 - byte for byte in whole[middle : middle + 50])
        + whole[middle + 50 :],
        "cut": whole[:middle],
        "foreign": b"not gzip",
    }[damage]
    with pytest.raises(
        DocumentError, match=r"a\.jsonl\.gz:\d+: cannot be read, because its gzip data is damaged"
    ):
        ingested(written(tmp_path / "a.jsonl.gz", content))
