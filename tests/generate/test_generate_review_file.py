"""Pins review files: what is written is read again, nothing runs in a spreadsheet, no row is misread."""

import csv
import json
from pathlib import Path

import pytest
from reviewed_pairs import row

from tasks.kernel.errors import DataError
from tasks.records.review import ReviewRow, pair_id, read_review, write_review

NASTY = (
    '=HYPERLINK("http://evil.example","x")',
    "+1 (555) 010",
    "-2+3",
    "@SUM(A1)",
    "'=quoted already",
    "''",
    "'Tis the season",
    "\ttab first",
    "\r\nbreaks\nand \"quotes\", commas; and 'apostrophes'",
    "  =after spaces",
    "\uff1dfull width",
    "1/2",
    "007",
    "3-4",
    "(12)",
    "TRUE",
    "übermäßig \u2028 line separator \u0085 العربية 日本語 🙂",
    "\ufeffbom",
    "nul \x00 and bell \x07",
    "",
)


@pytest.mark.parametrize("name", ["review.csv", "review.jsonl"])
@pytest.mark.parametrize("bom", [False, True])
def test_nasty_text_survives_the_file(tmp_path: Path, name: str, *, bom: bool) -> None:
    rows = [
        ReviewRow(
            id=pair_id(text, f"{text}?", text),
            question=f"{text}?",
            answer=text,
            passage=text,
            decision="edit",
            edited_question="x",
            edited_answer=text,
            note=text,
        )
        for text in NASTY
    ]
    assert write_review(tmp_path / name, rows, bom=bom) == len(rows)
    assert list(read_review(tmp_path / name).values()) == rows


def test_no_cell_is_a_formula_a_number_or_a_date(tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    write_review(path, [row().model_copy(update={"note": text, "question": text}) for text in NASTY])
    with path.open(newline="", encoding="utf-8") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert [cell for cell in cells if cell.strip()[:1] in {"=", "+", "-", "@", "\uff1d"}] == []
    assert [cell for cell in cells if cell[:1] in {"\t", "\r", "\n"}] == []
    assert not {"1/2", "007", "3-4", "(12)"} & set(cells)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_what_a_spreadsheet_of_another_country_saves_is_read(tmp_path: Path, delimiter: str) -> None:
    wanted = [row(1, decision="accept"), row(2, decision="edit", edited_answer="Another; answer, now.")]
    with (tmp_path / "saved.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow([*ReviewRow.model_fields, "my own column"])
        writer.writerows([[*line.model_dump().values(), "x"] for line in wanted])
    assert list(read_review(tmp_path / "saved.csv").values()) == wanted


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        ({"decision": "acept"}, "row 3, column decision: `acept` is no decision; write accept"),
        ({"decision": "edit"}, "row 3, column edited_question: empty, like edited_answer"),
        ({"decision": "accept", "edited_answer": "New."}, "row 3, column decision: accept, although"),
        ({"edited_question": "New?"}, "row 3, column decision: empty, although there is a new wording"),
        ({"decision": "reject", "question": "Changed?"}, "row 3, column id: not that of this question"),
        ({"decision": "accept", "id": "q0"}, "row 3, column id: not that of this question"),
        ({**row(1, decision="reject").model_dump()}, "row 3, column id: the same pair as in row 2"),
        ({"question_type": "riddle"}, "row 3, column question_type: "),
    ],
)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_row_that_means_nothing_is_named(
    tmp_path: Path, form: str, marks: dict[str, str], message: str
) -> None:
    path = tmp_path / f"review.{form}"
    write_review(path, [row(1, decision="reject"), row(2).model_copy(update=marks)])
    if form == "jsonl":
        path.write_text(f"\n{path.read_text()}")
    with pytest.raises(DataError, match=message):
        read_review(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "id,question\n", r"row 1: no column answer, passage, document, decision"),
        ("a.csv", "", r"row 1: no column id"),
        ("a.csv", b"id\xff", r"not UTF-8 at byte 2; save it as `CSV UTF-8`"),
        ("a.jsonl", "{}\n[1]\n", r"row 1, column id: "),
        ("a.jsonl", "[1]\n", r"row 1: no JSON object"),
        ("a.jsonl", "{\n", r"row 1: no JSON \("),
        ("a.xlsx", "", r"let its name end in \.csv or \.jsonl"),
    ],
)
def test_a_file_that_is_no_review_is_refused(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError, match=message):
        read_review(path)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: No such file.*pocketmoe review export"):
        read_review(tmp_path / "none.csv")


def test_a_capital_and_a_space_are_forgiven(tmp_path: Path) -> None:
    line = row(1).model_dump() | {"decision": " Accept "}
    (tmp_path / "review.jsonl").write_text(json.dumps(line))
    assert [found.decision for found in read_review(tmp_path / "review.jsonl").values()] == ["accept"]
