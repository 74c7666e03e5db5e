"""Cache keys: equal computations have one key, others another, and what has no stable form is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.kernel.artifacts import Corpus, QADataset
from tasks.kernel.config import How, Slice
from tasks.kernel.errors import DocumentError
from tasks.kernel.fingerprint import (
    FingerprintError,
    canonical,
    code_identity,
    differences,
    recipe_key,
    source_identity,
)
from tasks.models.sources import FolderModel, HubModel


class Example(Slice):
    value: object = 1
    other: object = "text"


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", object(), Path("somewhere"), {1: "number as key"}])
def test_values_without_a_stable_form_are_refused_by_field(value: object) -> None:
    with pytest.raises(FingerprintError, match=r"config\.value"):
        canonical(Example(value=value))


def test_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        recipe_key({"config": canonical(Example(value=float("nan")))})


def test_order_of_mapping_keys_does_not_count() -> None:
    assert recipe_key({"a": 1, "b": 2}) == recipe_key({"b": 2, "a": 1})


def test_kind_of_an_artifact_counts() -> None:
    digest = "0" * 64
    assert canonical(Corpus(digest=digest)) != canonical(QADataset(digest=digest))


def test_a_folder_model_is_its_bytes_and_not_its_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    one, two = (FolderModel(path=tmp_path / name) for name in ("one", "two"))
    assert canonical(Example(value=one)) == canonical(Example(value=two))
    (tmp_path / "two" / "config.json").write_text("{ }")
    assert canonical(one) != canonical(two)


def test_revision_of_a_hub_model_counts() -> None:
    assert canonical(HubModel(repo="a/b")) != canonical(HubModel(repo="a/b", revision="c0ffee"))


def test_missing_source_is_named_with_its_field(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"documents: .*nowhere: no such file or folder"):
        source_identity(tmp_path / "nowhere", "documents")


class Served(Slice):
    place: How[str] = "here"
    parts: list[Example] = []


def test_where_and_how_do_not_count() -> None:
    assert canonical(Example(value=Served(place="there"))) == canonical(Example(value=Served()))
    assert canonical(Served()) == {"parts": []}


@pytest.fixture
def part_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """Write a package whose `run` imports a `part` of this text; return the digest of that part."""
    monkeypatch.syspath_prepend(tmp_path)

    def digest(package: str, text: str) -> str:
        root = tmp_path / package
        root.mkdir()
        (root / "__init__.py").write_text("")
        (root / "run.py").write_text(f"import json\nfrom {package}.part import answer\n")
        (root / "part.py").write_text(text)
        found = code_identity(f"{package}.run")
        assert set(found) == {f"{package}.run", f"{package}.part"}
        return found[f"{package}.part"]

    return digest


def test_imported_helpers_count(part_digest: Callable[[str, str], str]) -> None:
    one = part_digest("stage_one", '"""Doc."""\n\ndef answer():\n    return 42\n')
    assert one != part_digest("stage_two", '"""Doc."""\n\ndef answer():\n    return 43\n')


def test_comments_docstrings_and_formatting_do_not_count(part_digest: Callable[[str, str], str]) -> None:
    one = part_digest("stage_three", '"""Doc."""\n\ndef answer():\n    return 42\n')
    other = '"""New words."""\ndef answer() :\n    """More."""\n    return (42)  # why\n'
    assert one == part_digest("stage_four", other)


def test_differences_name_field_old_and_new_value() -> None:
    old = {"config": {"rank": 8, "alpha": 32}, "sources": {"documents": {"a.pdf": "1"}}}
    new = {"config": {"rank": 16, "alpha": 32}, "sources": {"documents": {"a.pdf": "1", "b.pdf": "2"}}}
    assert differences(old, new) == ["config.rank: 8 -> 16", 'sources.documents.b.pdf: none -> "2"']
