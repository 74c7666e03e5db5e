"""Pins what comes out of PDFs: every word of the prose once, and nothing of the page around it."""

import json
from pathlib import Path
from typing import Any

import pytest
from drawn_pages import BOATS, LEADING, PROSE, TOP, Sheet, draw, prose_about

from tasks.ingest.config import IngestConfig
from tasks.ingest.run import run
from tasks.kernel.workspace import Metrics, Workspace, silent
from tasks.records.corpus import Passage
from tasks.records.files import read_records


def ingest(source: Path, out: Path, **config: Any) -> tuple[Metrics, list[Passage], list[dict[str, Any]]]:
    out.mkdir(exist_ok=True)
    scratch = out.with_name(f"{out.name}-scratch")
    metrics = run({"documents": source}, IngestConfig(**config), Workspace(out, scratch, silent))
    described = json.loads((out / "documents.json").read_text(encoding="utf-8"))
    return metrics, read_records(out / "passages.jsonl", Passage), described


def text_of(tmp_path: Path, *sheets: Sheet) -> str:
    source = draw(tmp_path / "book.pdf", sheets)
    return "\n".join(passage.text for passage in ingest(source, tmp_path / "out")[1])


def framed(number: int, of: int, *lines: str) -> Sheet:
    sheet = Sheet().write(*lines)
    return sheet.put("The Harbour Book", 60, TOP).put(f"Page {number} of {of}", 280, 30)


def test_running_headers_and_page_numbers_are_removed_and_counted(tmp_path: Path) -> None:
    sheets = [framed(number, 3, *prose_about(boat)) for number, boat in enumerate(BOATS[:3], 1)]
    _, passages, described = ingest(draw(tmp_path / "a.pdf", sheets), tmp_path / "out")
    text = " ".join(passage.text for passage in passages)
    assert "Harbour Book" not in text
    assert "Page" not in text
    assert all(line in text for boat in BOATS[:3] for line in prose_about(boat))
    removed = described[0]["removed"]
    assert {kind: found["count"] for kind, found in removed.items() if found["count"]} == {
        "running_lines": 3,
        "page_numbers": 3,
    }
    assert removed["running_lines"]["examples"] == [{"page": 1, "text": "The Harbour Book"}]
    assert [example["page"] for example in removed["page_numbers"]["examples"]] == [1, 2, 3]


def test_bare_page_numbers_go_when_they_count_with_the_pages(tmp_path: Path) -> None:
    sheets = [Sheet().write(*prose_about(boat)).put(str(11 + at), 300, 30) for at, boat in enumerate(BOATS)]
    text = text_of(tmp_path, *sheets)
    assert not any(character.isdigit() for character in text)
    assert all(boat in text for boat in BOATS)


def test_a_cell_of_a_table_is_no_page_number_and_no_running_line(tmp_path: Path) -> None:
    sheets = []
    for number, boat in enumerate(BOATS, 1):
        sheet = Sheet()
        for column, cell in enumerate([f"Boat {boat}", str(number), "Layoff permanent", f"in {boat}s town"]):
            sheet.put(cell, 60 + 130 * column, 740)
        sheet.y = 700
        sheets.append(sheet.write(*prose_about(boat)))
    text = text_of(tmp_path, *sheets)
    assert "Boat Clara | 3 | Layoff permanent | in Claras town" in text


def test_the_head_of_a_table_stays_once_when_it_is_repeated_on_the_next_page(tmp_path: Path) -> None:
    sheets = []
    for boats in (BOATS[:2], BOATS[2:]):
        sheet = Sheet().write(*prose_about(boats[0])).gap() if boats[0] == "Alma" else Sheet()
        for left, right in (("Boat name", "Kind of catch"), *((boat, f"Cod of {boat}") for boat in boats)):
            sheet.write(left)
            sheet.y += LEADING
            sheet.write(right, x=300)
        sheets.append(sheet)
    rows = [line for line in text_of(tmp_path, *sheets).split("\n") if "|" in line]
    assert rows == ["Boat name | Kind of catch", *(f"{boat} | Cod of {boat}" for boat in BOATS)]


def test_each_kind_of_removal_can_be_switched_off(tmp_path: Path) -> None:
    sheets = [framed(number, 3, *prose_about(boat)) for number, boat in enumerate(BOATS[:3], 1)]
    source = draw(tmp_path / "a.pdf", sheets)
    _, passages, _ = ingest(source, tmp_path / "headers", cleaning={"running_lines": False})
    assert "The Harbour Book" in passages[0].text
    assert "Page 1" not in passages[0].text
    _, passages, _ = ingest(source, tmp_path / "numbers", cleaning={"page_numbers": False})
    assert "The Harbour Book" not in passages[0].text


def test_numbers_that_do_not_count_with_the_pages_stay(tmp_path: Path) -> None:
    numbers = ("1912", "77", "340")
    sheets = [
        Sheet().write(*prose_about(boat)).put(at, 300, 30) for boat, at in zip(BOATS, numbers, strict=False)
    ]
    text = text_of(tmp_path, *sheets)
    assert all(number in text for number in numbers)


def test_pages_that_are_all_alike_keep_their_text(tmp_path: Path) -> None:
    assert "wash your hands" in text_of(
        tmp_path, *[Sheet().write("Please wash your hands") for _ in range(4)]
    )


def test_a_paragraph_runs_on_over_a_page_break(tmp_path: Path) -> None:
    first, second = framed(1, 2, *PROSE[:2]), framed(2, 2, *PROSE[2:])
    _, passages, _ = ingest(draw(tmp_path / "a.pdf", [first, second]), tmp_path / "out")
    assert passages[0].text == " ".join(PROSE)
    assert passages[0].pages == (1, 2)


def test_paragraphs_are_kept_apart(tmp_path: Path) -> None:
    sheet = (
        Sheet()
        .write(*PROSE)
        .gap()
        .write("The ferry is another matter. It runs in all weathers but fog,", "daily.")
    )
    assert text_of(tmp_path, sheet).count("\n\n") == 1


def test_lines_that_end_early_are_not_run_together(tmp_path: Path) -> None:
    sheet = Sheet().write(*PROSE).gap().write("Herring", "Mackerel and cod", "Whiting", "Eel")
    assert text_of(tmp_path, sheet).split("\n\n")[1:] == ["Herring", "Mackerel and cod", "Whiting", "Eel"]


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    left = [f"Left line {number} goes on and on to the edge of it" for number in range(12)]
    right = [f"right line {number} goes on and on to the edge of it" for number in range(12)]
    sheet = Sheet().write(*left)
    sheet.y = TOP - 40
    text = text_of(tmp_path, sheet.write(*right, x=320))
    assert text == " ".join(left + right)


def test_a_table_becomes_one_line_a_row_with_wrapped_cells_whole(tmp_path: Path) -> None:
    sheet = Sheet().write(*PROSE).gap()
    for row in ((["Boat"], ["Catch of the"], ["Crew"]), (["Alma"], ["Herring and", "mackerel"], ["Four"])):
        top = sheet.y
        for column, cell in enumerate(row):
            sheet.y = top
            sheet.write(*cell, x=60 + 150 * column)
        sheet.y = top - 2 * LEADING - 6
    lines = text_of(tmp_path, sheet).split("\n")
    assert "Boat | Catch of the | Crew" in lines
    assert "Alma | Herring and mackerel | Four" in lines


@pytest.mark.parametrize("bullet", ["•", "-", "\x7f", "\uf0b7"])
def test_list_items_stand_on_lines_of_their_own(tmp_path: Path, bullet: str) -> None:
    sheet = Sheet().write(*PROSE, "They carry", f"{bullet} rope and tar and", x=60).write("twine", x=70)
    assert text_of(tmp_path, sheet.write(f"{bullet} lamps")).endswith("\n- rope and tar and twine\n- lamps")


@pytest.mark.parametrize(("size", "font"), [(14.0, "Helvetica"), (10.0, "Helvetica-Bold")])
def test_headings_are_known_by_size_or_weight(tmp_path: Path, size: float, font: str) -> None:
    sheet = Sheet().write("The morning", size=size, font=font).write(*PROSE).gap()
    sheet.write("The evening", size=size, font=font).write(*PROSE)
    _, passages, _ = ingest(draw(tmp_path / "a.pdf", [sheet]), tmp_path / "out")
    assert passages[0].heading == "The morning"
    assert not passages[0].text.startswith("The morning")
    assert "\n\nThe evening\n\n" in passages[0].text


def test_a_margin_note_in_another_direction_does_not_cut_the_text(tmp_path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "turned.pdf"), invariant=True)
    canvas.drawString(60, 700, PROSE[0])
    canvas.saveState()
    canvas.rotate(90)
    canvas.drawString(100, -30, "Draft of May")
    canvas.restoreState()
    canvas.drawString(60, 686, PROSE[1])
    canvas.save()
    _, passages, _ = ingest(tmp_path / "turned.pdf", tmp_path / "out")
    assert passages[0].text.startswith(f"{PROSE[0]} {PROSE[1]}")


def test_the_same_file_twice_is_used_once(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    for name in ("a.pdf", "b.pdf"):
        draw(tmp_path / "library" / name, [Sheet().write(*PROSE)])
    metrics, passages, _ = ingest(tmp_path / "library", tmp_path / "out")
    assert metrics["documents"] == 1
    assert len({passage.id for passage in passages}) == len(passages)


@pytest.mark.slow
def test_output_depends_neither_on_time_nor_on_the_place_of_the_library(tmp_path: Path) -> None:
    outputs = []
    for place in ("here", "there"):
        folder = tmp_path / place / "deep"
        folder.mkdir(parents=True)
        for name in ("b.pdf", "A.pdf", "deep/c.PDF"):
            (folder / name).parent.mkdir(exist_ok=True)
            draw(folder / name, [Sheet().write(*PROSE, f"This is {name}.")])
        out = tmp_path / f"out-{place}"
        ingest(folder, out)
        outputs.append({path.name: path.read_bytes() for path in sorted(out.iterdir())})
    assert outputs[0] == outputs[1]
    assert b"deep/c.PDF" in outputs[0]["passages.jsonl"]


def test_every_page_reports_progress(tmp_path: Path) -> None:
    reports: list[tuple[int, int, str]] = []

    def note(done: int, total: int, unit: str, **metrics: float) -> None:
        assert set(metrics) <= {"page"}
        reports.append((done, total, unit))

    source = draw(tmp_path / "a.pdf", [Sheet().write(*PROSE), Sheet().write(*PROSE)])
    (tmp_path / "out").mkdir()
    run({"documents": source}, IngestConfig(), Workspace(tmp_path / "out", tmp_path / "scratch", note))
    assert reports == [(0, 1, "documents"), (0, 1, "documents"), (1, 1, "documents")]
