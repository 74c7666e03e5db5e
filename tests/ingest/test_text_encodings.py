"""Pins that text files are read in their encodings, that the account says in which, and what is refused."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from data_sets import Ingested, good, written
from reading import read, texts

from tasks.ingest.config import IngestConfig
from tasks.ingest.run import run
from tasks.kernel.errors import DocumentError
from tasks.kernel.workspace import Workspace, silent
from tasks.records.documents import LibraryFile, read_documents

pytestmark = pytest.mark.slow

RUSSIAN = "Перед пуском станка проверьте натяжение ремня и уровень масла."
JAPANESE = "機械を始動する前に、ベルトの張りと油の量を確認してください。"
CHINESE = "启动机器之前，请检查皮带的松紧和润滑油的油位。"


def ingested(folder: Path, **reading: Any) -> tuple[dict[str, LibraryFile], str]:
    """Return what became of each file of a library, and the text of its passages."""
    out = folder.parent / "out"
    out.mkdir()
    config = IngestConfig.model_validate({"reading": reading})
    run({"documents": folder}, config, Workspace(out, out, silent))
    passages = (out / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    said = "\n".join(json.loads(passage)["text"] for passage in passages)
    return {one.name: one for one in read_documents(out)}, said


def test_every_file_is_read_in_its_encoding_and_the_account_says_in_which(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "library"
    written(folder / "sjis.txt", JAPANESE.encode("cp932"))
    written(folder / "koi.md", f"# Станок\n\n{RUSSIAN}\n".encode("koi8_r"))
    written(folder / "gb.html", f'<meta charset="gb2312"><p>{CHINESE}'.encode("gbk"))
    written(folder / "declared.md", f'<meta charset="windows-1251">\n\n{RUSSIAN}'.encode("cp1251"))
    written(folder / "bad.txt", f"{CHINESE}\n".encode() + b"\xff\n" + CHINESE.encode())
    written(folder / "plain.txt", f"{RUSSIAN} Plain.")
    with caplog.at_level(logging.WARNING):
        files, said = ingested(folder)
    found = {name: file.encoding for name, file in files.items()}
    told = {name: (one.name, one.how, one.replaced, one.replaced_lines) for name, one in found.items() if one}
    assert told == {
        "sjis.txt": ("cp932", "detected", 0, []),
        "koi.md": ("koi8-r", "detected", 0, []),
        "gb.html": ("gb18030", "declared", 0, []),
        "declared.md": ("cp1251", "declared", 0, []),
        "bad.txt": ("utf-8", "valid", 1, [2]),
    }
    assert said.count(RUSSIAN) == 3
    assert said.count(JAPANESE) == 1
    assert said.count(CHINESE) == 3
    assert "sjis.txt: read as cp932 (detected, confidence " in caplog.text
    assert "bad.txt: read as utf-8 (valid); bad bytes in line 2" in caplog.text
    assert "plain.txt" not in caplog.text


def test_a_declaration_does_not_confuse_the_parser_of_pages(tmp_path: Path) -> None:
    page = f'<?xml version="1.0" encoding="gbk"?><html><head><meta charset="gbk"></head><p>{CHINESE} café</p>'
    for name, encoding in (("a.html", "gbk"), ("b.html", "utf-8")):
        source = written(tmp_path / name, page.encode(encoding))
        (document,) = read(source, tmp_path / "scratch").documents
        assert texts(document) == [[f"{CHINESE} café"]]


def test_a_text_in_no_known_encoding_is_refused_by_name(library: Path) -> None:
    written(library / "noise.txt", bytes(range(128, 256)) * 4)
    with pytest.raises(DocumentError, match=r"noise\.txt: is in no encoding.*name its encoding in `ingest"):
        read(library, library.parent / "scratch")
    (bad,) = read(library, library.parent / "again", unreadable="skip").unreadable
    assert bad.reason == "unknown_encoding"


def test_the_encoding_of_a_file_can_be_set(tmp_path: Path) -> None:
    written(tmp_path / "library" / "old" / "a.txt", "Жук".encode("koi8_r"))
    (document,) = read(tmp_path / "library", tmp_path / "scratch", encodings={"old/*": "koi8-r"}).documents
    assert texts(document) == [["Жук"]]
    assert document.encoding is not None
    assert document.encoding.told() == "read as koi8-r (set)"


def test_a_wrong_setting_ends_the_stage(library: Path) -> None:
    written(library / "a.txt", RUSSIAN)
    with pytest.raises(DocumentError, match=r"a\.txt: is not in shift_jis, as the configuration says; corr"):
        read(library, library.parent / "scratch", unreadable="skip", encodings={"*.txt": "shift_jis"})


@pytest.mark.parametrize(
    "place", [{"reading": {"encodings": {"*": "klingon"}}}, {"dataset": {"encoding": "x"}}]
)
def test_an_encoding_that_nobody_knows_is_refused(place: dict[str, Any]) -> None:
    if "dataset" in place:
        place["dataset"] |= {"question": "q", "answer": "a"}
    with pytest.raises(ValueError, match="is no known encoding; write one such as shift_jis"):
        IngestConfig.model_validate(place)


def rows(count: int = 3) -> str:
    return "q,a\n" + "".join(f"{number}. {RUSSIAN},{number}. {CHINESE}\n" for number in range(count))


@pytest.mark.parametrize(("encoding", "how"), [("gb18030", "detected"), ("utf-16", "mark")])
def test_a_data_set_is_read_in_its_encoding(tmp_path: Path, encoding: str, how: str) -> None:
    source = written(tmp_path / "train.csv", rows().encode(encoding))
    out = tmp_path / "out"
    made = Ingested(source, out)
    assert [one.answer for one in made.examples] == [f"{number}. {CHINESE}" for number in range(3)]
    (told,) = json.loads((out / "dataset.json").read_text(encoding="utf-8"))["encodings"].values()
    assert told["how"] == how


def test_the_encoding_of_a_data_set_can_be_set(tmp_path: Path) -> None:
    source = written(tmp_path / "train.csv", "q,a\nЖ,Щ\n".encode("koi8_r"))
    assert Ingested(source, tmp_path / "out", encoding="koi8-r").examples[0].answer == "Щ"
    with pytest.raises(DocumentError, match=r"train\.csv: not in utf-32, as .*; correct `dataset.encoding`"):
        Ingested(written(source, rows()), tmp_path / "again", encoding="utf-32")


def test_a_bad_byte_costs_its_row_and_no_other(tmp_path: Path) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in [*good(199), {"q": RUSSIAN, "a": CHINESE}]]
    data = "\n".join(lines).encode().replace(b"It is part 7.", b"It is part \xff7.")
    made = Ingested(written(tmp_path / "train.jsonl", data), tmp_path / "out")
    assert len(made.examples) == 199
    assert made.examples[-1].answer == CHINESE
    (refused,) = made.refused
    assert (refused.line, refused.field) == (8, "a")
    assert "bytes that are no character of the file's encoding" in refused.reason
