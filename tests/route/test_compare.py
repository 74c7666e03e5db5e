"""Pins the comparison of routers: one row a kind on the same questions, and bad files named by line."""

import json
from itertools import product
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from tasks.errors import ConfigError, DataError
from tasks.route.compare import compare_routers, linear_router, read_labelled

TOPICS = {
    "baking": ["sourdough", "a rye loaf", "puff pastry", "yeast", "an oven stone"],
    "sailing": ["a jib", "the mainsail", "a reef knot", "the tiller", "a headwind"],
}
FORMS = ["How do I handle {}?", "What is {} good for?", "When is {} too much?", "Who invented {}?"]


def write(path: Path, forms: list[str]) -> Path:
    rows = [
        {"question": form.replace("{}", word), "domain": domain, "id": 7}
        for form, (domain, words) in product(forms, TOPICS.items())
        for word in words
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "train.jsonl", FORMS[:3]), write(tmp_path / "test.jsonl", FORMS[2:])


def test_every_kind_is_measured_on_the_same_questions(files: tuple[Path, Path]) -> None:
    arguments = ["compare-routers", "--train", str(files[0]), "--test", str(files[1]), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert [row["kind"] for row in rows] == ["tfidf-reference", "tfidf"]
    for row in rows:
        assert row["questions"] == 20
        assert row["repeated_questions"] == 10
        assert row["accuracy"] > 0.9
        assert min(row[name] for name in ("p95_ms", "file_bytes", "train_seconds")) > 0
        assert {"macro_f1", "ece"} <= set(row)


def test_kinds_that_cannot_be_compared_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="oracle: no such router"):
        linear_router("oracle")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"bad\.jsonl:2: not JSON"),
        ('{"question": "Why?"}', r"bad\.jsonl:2: domain: Field required"),
        ('["Why?"]', r"bad\.jsonl:2: line: "),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(f'{{"question": "Why?", "domain": "a"}}\n{line}\n')
    with pytest.raises(DataError, match=message):
        read_labelled(path)


def test_domains_that_only_the_test_file_has_are_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"question": "How deep is a mine?", "domain": "mining"}\n')
    with pytest.raises(DataError, match="domain mining: in the test file"):
        list(compare_routers(read_labelled(files[0]), read_labelled(other), [linear_router("tfidf")]))
