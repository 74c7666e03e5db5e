"""Pins that pairs that a teacher cannot write for their language are told so, with who can."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tasks.generate.config import GenerateConfig
from tasks.generate.questions.asking import plan_asks
from tasks.generate.run import run
from tasks.kernel.errors import DataError
from tasks.kernel.workspace import Workspace, silent
from tasks.records.corpus import Passage
from tasks.records.files import write_records

CHINESE = "第{}条规定，启动机器之前请检查皮带的松紧和润滑油的油位，然后关闭防护罩。"
THAI = "ข้อ{}ก่อนเดินเครื่องให้ตรวจความตึงของสายพานและระดับน้ำมันทุกครั้ง"
JAPANESE = "その{}、機械を始動する前に、ベルトの張りと油の量を確認してください。"
RUSSIAN = "Правило {} требует, чтобы рабочий проверил натяжение ремня и уровень масла. "
KOREAN = "{}번 규칙에 따라 기계를 시동하기 전에 벨트의 장력과 기름의 양을 확인하십시오. "


def passages(sentence: str, count: int = 4) -> list[Passage]:
    return [
        Passage(
            id=f"a-{at}",
            document="rules.txt",
            document_digest="a",
            pages=(1, 1),
            text="".join(sentence.format(10 * at + number) for number in range(10)).strip(),
        )
        for at in range(count)
    ]


def generated(folder: Path, made: Sequence[Passage], **config: object) -> str:
    """Return why no pairs came of passages."""
    corpus, out = folder / "corpus", folder / "out"
    corpus.mkdir()
    out.mkdir()
    write_records(corpus / "passages.jsonl", made)
    write_records(corpus / "examples.jsonl", [])
    (corpus / "documents.json").write_text(json.dumps([{"name": "rules.txt", "pages": 1}]), encoding="utf-8")
    with pytest.raises(DataError) as told:
        run(
            {"corpus": corpus}, GenerateConfig.model_validate(config), Workspace(out, out / "scratch", silent)
        )
    return str(told.value)


@pytest.mark.parametrize(
    ("sentence", "language"),
    [(CHINESE, "zh"), (THAI, "th"), (JAPANESE, "ja"), (RUSSIAN, "ru"), (KOREAN, "ko")],
)
def test_a_language_that_the_embedded_teacher_does_not_write_is_named(
    tmp_path: Path, sentence: str, language: str
) -> None:
    told = generated(tmp_path, passages(sentence))
    assert re.fullmatch(
        rf"rules\.txt: 4 of 4 passages are in `{language}`, and the rules of `generate\.teacher:"
        r" {kind: embedded}` write English questions alone; take a teacher behind an API"
        r" \(`generate\.teacher: {kind: openai.*\)"
        rf" and set `generate\.judging\.language: {language}`, or give English documents",
        told,
    )


def test_the_teacher_of_the_remedy_is_one_that_the_configuration_takes() -> None:
    teacher = {"kind": "openai", "base_url": "http://127.0.0.1:8000/v1", "model_name": "m"}
    config = GenerateConfig.model_validate({"teacher": teacher, "judging": {"language": "zh"}})
    assert plan_asks(passages(CHINESE), config).asked == 4


def test_english_without_statements_is_not_blamed_on_its_language(tmp_path: Path) -> None:
    told = generated(tmp_path, passages("Part {} of the list, as printed on the label of the machine; "))
    assert "passages are in" not in told
    assert "0 question-answer pairs are too few" in told


def test_pairs_that_are_refused_for_their_language_are_told(tmp_path: Path) -> None:
    told = generated(tmp_path, passages(CHINESE), teacher={"kind": "scripted"})
    assert re.search(
        r"0 question-answer pairs are too few \(.*; refused: \d+ language\); set `judging.language: zh`", told
    )


def test_a_sentence_of_a_script_without_spaces_is_asked_about_by_its_words() -> None:
    config = GenerateConfig.model_validate({"teacher": {"kind": "scripted"}, "min_answer_words": 5})
    plan = plan_asks(passages(CHINESE, 1), config)
    assert (plan.sentences, plan.skipped["too_short"], plan.skipped["not_a_statement"]) == (10, 0, 0)
