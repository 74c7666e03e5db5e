"""Pins that every unusable source ends in one error that names the file and says what to do."""

from pathlib import Path

import pytest
from drawn_pages import PROSE, Sheet, draw
from pypdf import PdfWriter

from tasks.ingest.config import DatasetMapping, IngestConfig
from tasks.ingest.run import run
from tasks.kernel.errors import ConfigError, DocumentError
from tasks.kernel.workspace import Workspace, silent

pytestmark = pytest.mark.slow


def refusal(source: Path, out: Path) -> str:
    with pytest.raises(DocumentError) as caught:
        run({"documents": source}, IngestConfig(), Workspace(out, out, silent))
    return str(caught.value)


def good(path: Path) -> Path:
    return draw(path, [Sheet().write(*PROSE)])


def encrypted(path: Path, user_password: str) -> Path:
    writer = PdfWriter(clone_from=good(path))
    writer.encrypt(user_password, "owner", algorithm="RC4-128")
    writer.write(path)
    return path


def test_a_missing_folder(tmp_path: Path) -> None:
    assert "no such folder; put" in refusal(tmp_path / "nowhere", tmp_path)


def test_a_folder_without_documents(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("no document", encoding="utf-8")
    message = refusal(tmp_path, tmp_path)
    assert "none of *.pdf, *.epub" in message
    assert "in this folder; put" in message


def test_a_scanned_document(tmp_path: Path) -> None:
    message = refusal(draw(tmp_path / "scan.pdf", [Sheet()]), tmp_path)
    assert "scan.pdf: no text in it" in message
    assert "run OCR first" in message


def test_an_encrypted_document(tmp_path: Path) -> None:
    message = refusal(encrypted(tmp_path / "secret.pdf", "user"), tmp_path)
    assert "secret.pdf: encrypted; name the environment variable" in message
    assert "decrypt it" in message


def test_a_document_that_opens_without_password_is_read_though_encrypted(tmp_path: Path) -> None:
    run(
        {"documents": encrypted(tmp_path / "a.pdf", "")},
        IngestConfig(),
        Workspace(tmp_path, tmp_path, silent),
    )
    assert PROSE[0] in (tmp_path / "passages.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9])
def test_a_truncated_document(tmp_path: Path, share: float) -> None:
    data = good(tmp_path / "half.pdf").read_bytes()
    (tmp_path / "half.pdf").write_bytes(data[: int(share * len(data))])
    message = refusal(tmp_path / "half.pdf", tmp_path)
    assert "half.pdf: " in message
    assert "remove it" in message


def test_something_else_with_the_suffix_of_a_pdf(tmp_path: Path) -> None:
    (tmp_path / "page.pdf").write_text("<html>Not found</html>", encoding="utf-8")
    assert "page.pdf: is not a PDF" in refusal(tmp_path / "page.pdf", tmp_path)


def test_all_bad_documents_are_named_at_once(tmp_path: Path) -> None:
    good(tmp_path / "good.pdf")
    (tmp_path / "empty.pdf").touch()
    draw(tmp_path / "scan.pdf", [Sheet()])
    lines = refusal(tmp_path, tmp_path).split("\n")
    assert ["empty.pdf" in lines[0], "scan.pdf" in lines[1], "skip" in lines[2], len(lines)] == [
        True,
        True,
        True,
        3,
    ]


@pytest.mark.parametrize(
    ("names", "dataset", "reason"),
    [
        ([], None, "nothing to read"),
        (["dataset"], None, "give its mapping"),
        ([], DatasetMapping(question="q", answer="a"), "neither a local file nor `hub`"),
        (["dataset"], DatasetMapping(hub="a/b", question="q", answer="a"), "both a local file and `hub`"),
    ],
)
def test_sources_that_do_not_fit_the_config(
    tmp_path: Path, names: list[str], dataset: DatasetMapping | None, reason: str
) -> None:
    inputs = dict.fromkeys(names, tmp_path / "data.csv")
    with pytest.raises(ConfigError, match=reason):
        run(inputs, IngestConfig(dataset=dataset), Workspace(tmp_path, tmp_path, silent))
