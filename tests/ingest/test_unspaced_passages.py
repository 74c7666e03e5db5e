"""Pins that scripts without spaces become bounded passages, with nothing put between their lines."""

from pathlib import Path

import pytest
from data_sets import written
from test_text_encodings import ingested

from tasks.ingest.cleaning.blocks import Block, Kind, build_blocks
from tasks.ingest.cleaning.hyphens import Hyphens, learn_hyphenation
from tasks.ingest.cleaning.lines import Line
from tasks.ingest.cleaning.typography import measure
from tasks.ingest.config import IngestConfig, PassageSize
from tasks.ingest.passages.cutting import cut_passages
from tasks.ingest.run import run
from tasks.kernel.workspace import Workspace, silent
from tasks.records.corpus import Passage
from tasks.records.files import read_records
from tasks.text.segments import count_words

CHINESE = "第{}条：启动机器之前，请检查皮带的松紧和润滑油的油位，然后关闭防护罩。"
JAPANESE = "その{}、機械を始動する前に、ベルトの張りと油の量を確認してください。"
THAI = "ข้อ{}ก่อนเดินเครื่องให้ตรวจความตึงของสายพานและระดับน้ำมัน"


def passages(folder: Path, **config: object) -> tuple[list[Passage], dict[str, float]]:
    out = folder.parent / "out"
    out.mkdir()
    counts = run(
        {"documents": folder}, IngestConfig.model_validate(config), Workspace(out, out / "scratch", silent)
    )
    return read_records(out / "passages.jsonl", Passage), dict(counts)


@pytest.mark.parametrize("sentence", [CHINESE, JAPANESE, THAI])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_passages_are_bounded_and_joined_give_the_text(tmp_path: Path, sentence: str, name: str) -> None:
    text = "".join(sentence.format(number) for number in range(200))
    written(tmp_path / "library" / name, text)
    made, counts = passages(tmp_path / "library", passage_words=120, min_passage_words=0)
    assert len(made) > 10
    assert max(count_words(one.text) for one in made) <= 120
    assert "".join(one.text for one in made) == text
    assert counts["words"] == count_words(text)


@pytest.mark.parametrize("text", [THAI * 30, CHINESE * 30, "漢" * 900])
def test_passages_keep_to_their_limit_in_tokens_too(text: str) -> None:
    def tokens(part: str) -> int:
        return len(part.encode())

    blocks = [Block(Kind.PARAGRAPH, text, ((0, 1),))]
    made = list(cut_passages("a", "0" * 64, blocks, PassageSize(128, 0, 0), tokens))
    assert "".join(one.text for one in made) == text
    assert max(tokens(one.text) for one in made) <= 128


def test_sentences_stay_whole(tmp_path: Path) -> None:
    written(tmp_path / "library" / "a.txt", "".join(CHINESE.format(number) for number in range(90)))
    made, _ = passages(tmp_path / "library", passage_words=100, min_passage_words=0)
    assert all(one.text.startswith("第") and one.text.endswith("。") for one in made)


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_lines_that_break_within_a_sentence_join_without_a_space(tmp_path: Path, name: str) -> None:
    lines = "启动机器之前，\n请检查皮带的松\n紧，use the\nkey，再开\nPython 机器。\n操作时严禁戴手套。"
    written(tmp_path / "library" / name, f"{lines}\n")
    _, said = ingested(tmp_path / "library")
    assert said == "启动机器之前，请检查皮带的松紧，use the key，再开 Python 机器。操作时严禁戴手套。"


@pytest.mark.parametrize("text", ["启动机器之前请检查皮带的松紧和油位", "ก่อนเดินเครื่องให้ตรวจความตึง"])
def test_printed_lines_of_a_paragraph_join_without_a_space(text: str) -> None:
    lines = [Line(text, 1, 50, 700 - 15 * number, 12) for number in range(12)]
    (block,) = build_blocks(lines, measure(lines), learn_hyphenation(lines), Hyphens())
    assert (block.kind, block.text) == (Kind.PARAGRAPH, text * 12)


def test_a_bold_paragraph_without_spaces_is_no_heading() -> None:
    text = "启动机器之前请检查皮带的松紧和油位操作时严禁戴手套"
    lines = [Line(text, 1, 50, 700 - 15 * number, 12, bold=True) for number in range(3)]
    (block,) = build_blocks(lines, measure(lines), learn_hyphenation(lines), Hyphens())
    assert block.kind is Kind.PARAGRAPH
    (heading,) = build_blocks(lines[:1], measure(lines), learn_hyphenation(lines), Hyphens())
    assert heading.kind is Kind.PARAGRAPH
    title = [Line("安全操作规程", 1, 50, 700, 12, bold=True)]
    (heading,) = build_blocks(title, measure(lines), learn_hyphenation(lines), Hyphens())
    assert heading.kind is Kind.HEADING
