"""Pins what a cell says: text, nothing, or no text; what is no text is refused by row and field."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow.parquet import write_table

from tasks.kernel.errors import DocumentError
from tests.ingest.data_sets import good, ingested, json_lines, written

NAN = float("nan")


def parquet(path: Path, **columns: Any) -> Path:
    write_table(pa.table(columns), path)
    return path


def test_what_is_not_a_number_is_an_empty_cell(tmp_path: Path) -> None:
    rows = [{"q": "What is a chuck?", "a": NAN}, {"q": NAN, "a": "A post."}, {"q": "x?", "a": None}]
    found = ingested(json_lines(tmp_path / "a.jsonl", *good(1), *rows))
    assert (len(found.examples), found.counts["empty"], found.refused) == (1, 3, [])


def test_what_is_not_a_number_in_parquet_is_an_empty_cell(tmp_path: Path) -> None:
    source = parquet(tmp_path / "a.parquet", q=["What is the bore?", "What is the pitch?"], a=[12.5, NAN])
    found = ingested(source)
    assert found.pairs == [("What is the bore?", "12.5")]
    assert found.counts["empty"] == 1


def test_an_empty_column_leaves_no_word_in_a_template(tmp_path: Path) -> None:
    rows = [
        {"i": "Name the part.", "x": NAN, "a": "A chuck."},
        {"i": "Name it.", "x": "round", "a": "Drill."},
    ]
    found = ingested(json_lines(tmp_path / "a.jsonl", *rows), question="{i} {x}")
    assert found.pairs == [("Name the part.", "A chuck."), ("Name it. round", "Drill.")]


def test_a_template_around_nothing_is_no_question(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "a.jsonl", {"q": NAN, "a": "x"}, {"q": "Why?", "a": "y"})
    found = ingested(source, question="Answer briefly: {q}")
    assert (found.pairs, found.counts["empty"]) == ([("Answer briefly: Why?", "y")], 1)


@pytest.mark.parametrize("blank", ["\u200b", "\ufeff", "\x00", "\u2060\u00ad ", "\u3164", "\u2800", "\u180e"])
def test_an_answer_that_nobody_sees_is_empty(tmp_path: Path, blank: str) -> None:
    rows = [{"q": "What is swarf?", "a": blank}, {"q": blank, "a": "x y"}, {"q": "Jaw?", "a": "Caf\u0301e"}]
    found = ingested(json_lines(tmp_path / "a.jsonl", *rows))
    assert (found.pairs, found.counts["empty"]) == ([("Jaw?", "Caf\u0301e")], 2)


def test_bytes_are_text_where_they_are_utf_8(tmp_path: Path) -> None:
    source = parquet(tmp_path / "a.parquet", q=["Größe?".encode()], a=[b"It holds the work."])
    assert ingested(source).pairs == [("Größe?", "It holds the work.")]


def test_copies_in_a_list_are_one_text(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "a.jsonl", {"q": "Where?", "a": {"text": ["Lourdes"] * 3}})
    assert ingested(source, answer="a.text").pairs == [("Where?", "Lourdes")]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ({"text": ["Lourdes"], "answer_start": [5]}, r"`a` is a mapping \(text, answer_start\).*`a\.text`"),
        ([{"from": "human", "value": "x"}], r"`a` is a list whose items are a mapping.*`a\.assistant`"),
        ([["x", {"k": 1}]], "`a` is a list whose items are a mapping"),
        (True, "`a` is true, no text; name what it means in `label_names`"),
        (["yes", False], "`a` is false, no text"),
        (float("inf"), "`a` is infinite"),
        ("It means done \ud83d", r"`a` holds half of a character \(U\+D83D\) at position 15"),
    ],
)
def test_what_is_no_text_is_refused_by_row_and_field(tmp_path: Path, cell: object, reason: str) -> None:
    rows = [*good(1), {"q": "x?", "a": cell}]
    with pytest.raises(DocumentError, match=rf"a\.jsonl:2: {reason}"):
        ingested(json_lines(tmp_path / "a.jsonl", *rows))


def test_a_map_of_parquet_is_no_text(tmp_path: Path) -> None:
    cells = pa.array([[("k", "v")]], pa.map_(pa.string(), pa.string()))
    with pytest.raises(DocumentError, match="`a` is a value of the type tuple, no text"):
        ingested(parquet(tmp_path / "a.parquet", q=["x?"], a=cells))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"a\.parquet, row 1: `a` holds bytes that are not UTF-8"):
        ingested(parquet(tmp_path / "a.parquet", q=["x?"], a=[b"\xff\xfe"]))


def test_true_and_false_have_the_names_that_the_mapping_gives(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "a.jsonl", {"q": "Is it?", "a": True}, {"q": "Or not?", "a": False})
    names = {"a": {"true": "yes", "False": "no"}}
    assert ingested(source, label_names=names).pairs == [("Is it?", "yes"), ("Or not?", "no")]


def test_labels_are_found_although_a_gap_made_them_fractions(tmp_path: Path) -> None:
    source = parquet(tmp_path / "a.parquet", q=["Good?", "Bad?"], a=[1.0, NAN])
    found = ingested(source, label_names={"a": {1: "glad"}})
    assert (found.pairs, found.counts["empty"]) == ([("Good?", "glad")], 1)


@pytest.mark.parametrize("items", [["x"], [{"score": "many"}], {"score": 1}])
def test_the_best_of_what_cannot_be_compared_is_refused(tmp_path: Path, items: object) -> None:
    source = json_lines(tmp_path / "a.jsonl", {"q": "x?", "a": items})
    with pytest.raises(DocumentError, match=r"a\.jsonl:1: `a.*correct `best`"):
        ingested(source, answer="a.body", best={"a": "score"})


def test_refused_rows_have_file_line_field_and_reason(tmp_path: Path) -> None:
    rows = [*good(150), {"q": "x?", "a": {"k": 1}}]
    found = ingested(json_lines(tmp_path / "set" / "a.jsonl", *rows).parent)
    assert (found.counts["rows"], found.counts["refused"], len(found.examples)) == (151, 1, 150)
    refused = found.refused[0]
    assert (refused.file, refused.line, refused.row, refused.field) == ("a.jsonl", 151, None, "a")
    assert "mapping" in refused.reason


def test_the_share_that_may_be_refused_is_configured(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "a.jsonl", *good(3), *({"q": f"{n}?", "a": True} for n in range(5)))
    assert ingested(source, max_refused=0.7).counts["refused"] == 5
    with pytest.raises(DocumentError, match=r"and 2 more \(5 of 8 rows are refused.*max_refused` 0\.5"):
        ingested(source.rename(tmp_path / "b.jsonl"), max_refused=0.5)


def test_a_clean_data_set_leaves_no_account_of_refused_rows(tmp_path: Path) -> None:
    found = ingested(json_lines(tmp_path / "a.jsonl", *good(2)))
    names = {path.name for path in (tmp_path / "a.jsonl.corpus").iterdir()}
    assert names == {"passages.jsonl", "examples.jsonl", "documents.json", "dataset.json"}
    assert "refused" not in found.counts


@pytest.mark.parametrize("space", [" answer", "answer ", "answer\u200b", "\u00a0Answer"])
def test_a_column_that_differs_by_a_space_is_told(tmp_path: Path, space: str) -> None:
    source = written(tmp_path / "a.csv", f"question,{space}\nWhat is a chuck?, It holds the work.\n")
    with pytest.raises(DocumentError, match=r"a\.csv:2: no column `answer`, but '.*', which has a space"):
        ingested(source, question="question", answer="answer")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "a.csv",
            "question,answer,answer\nx?,y,z\n",
            r"a\.csv:1: the column `answer` stands twice \(columns 2",
        ),
        ("a.csv", "question,answer, answer\nx?,y,z\n", r"a\.csv:1: the column `answer` stands twice"),
        (
            "a.jsonl",
            '{"question": "x?", "answer": "y", "answer": "z"}\n',
            r"a\.jsonl:1: the key `answer` stands",
        ),
        (
            "a.jsonl",
            '{"question": "x?", "answer": {"b": 1, "b": 2}}',
            r"a\.jsonl:1: the key `b` stands twice",
        ),
        ("a.json", '[{"question": "x?", "answer": "y", "answer": "z"}]', r"a\.json, row 1: the key `answer`"),
        (
            "a.json",
            '{"1": {"question": "x?"}, "1": {"question": "y?"}}',
            r"a\.json: the key `1` stands twice",
        ),
    ],
)
def test_what_stands_twice_is_refused(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(DocumentError, match=told):
        ingested(written(tmp_path / name, text), question="question", answer="answer")


def test_a_parquet_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    write_table(pa.Table.from_arrays([pa.array(["x"])] * 3, names=["q", "a", "a"]), tmp_path / "a.parquet")
    with pytest.raises(DocumentError, match=r"a\.parquet: the column `a` stands twice"):
        ingested(tmp_path / "a.parquet")


def test_columns_without_a_name_may_be_many(tmp_path: Path) -> None:
    assert ingested(written(tmp_path / "a.csv", "q,a,,\nx?,y,,\n")).pairs == [("x?", "y")]


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\f", "\v", "\x1c", "\x1d", "\x1e", "\x85"])
@pytest.mark.parametrize(("name", "comma"), [("a.csv", ","), ("a.tsv", "\t")])
def test_only_line_breaks_end_a_line(tmp_path: Path, mark: str, name: str, comma: str) -> None:
    lines = [f"q{comma}a", f"Chuck?{comma}It holds.{mark}It turns.", f"Swarf?{comma}Chips."]
    found = ingested(written(tmp_path / name, "\n".join(lines) + "\n"))
    assert found.pairs == [("Chuck?", f"It holds.{mark}It turns."), ("Swarf?", "Chips.")]


def test_a_mark_makes_no_row_of_what_follows_it(tmp_path: Path) -> None:
    source = written(tmp_path / "a.tsv", "q\ta\nChuck?\tIt holds.\x1eSwarf?\tChips.\n")
    with pytest.raises(DocumentError, match=r"a\.tsv:2: 3 fields, but 2 columns"):
        ingested(source)


def test_json_numbers_and_brackets_beyond_all_sizes_are_refused_by_line(tmp_path: Path) -> None:
    lines = ['{"q": "x?", "a": "y"}', '{"q": "z?", "a": "y", "n": %s}']
    digits, deep = "9" * 5000, "[" * 100_000 + "]" * 100_000
    for name, value, reason in [
        ("a", digits, "a number of more than 4300 digits"),
        ("b", deep, "nested too deep"),
    ]:
        source = written(tmp_path / f"{name}.jsonl", "\n".join(lines) % value)
        with pytest.raises(DocumentError, match=rf"{name}\.jsonl:2: not JSON \(.*{reason}"):
            ingested(source)
    listed = '[\n{"q": "x?", "a": "y",\n"n": %s}]'
    with pytest.raises(DocumentError, match=r"a\.json:3: not JSON \(a number of more than 4300 digits"):
        ingested(written(tmp_path / "a.json", listed % digits))
    with pytest.raises(DocumentError, match=r"b\.json:1: not JSON \(brackets nested too deep"):
        ingested(written(tmp_path / "b.json", listed % deep))


def test_a_list_deeper_than_anybody_writes_is_refused_by_line(tmp_path: Path) -> None:
    value = "[" * 900 + "]" * 900
    source = written(tmp_path / "a.jsonl", json.dumps(good(1)[0]) + f'\n{{"q": "x?", "a": {value}}}\n')
    with pytest.raises(DocumentError, match=r"a\.jsonl:2: "):
        ingested(source)
