"""Pins that pairs in scripts without spaces are compared, counted and judged by their words."""

import pytest

from tasks.generate.config import GenerateConfig
from tasks.generate.judging.filters import rejection
from tasks.generate.pairs import candidates_of
from tasks.generate.selection.decontamination import drop_leaks
from tasks.generate.selection.framing import Frame
from tasks.generate.teacher_config import ScriptedTeacher
from tasks.records.dataset import Example

CONFIG = GenerateConfig(teacher=ScriptedTeacher())
PAIRS = {
    "zh": (
        "启动车床之前操作者为什么必须检查皮带的松紧？",
        "启动车床之前操作者为什么应当检查皮带的松紧？",
        "冷却液有什么作用？",
    ),
    "ja": (
        "旋盤を始動する前に作業者はなぜベルトの張りを確認しますか？",
        "旋盤を始動する前に作業者はなぜベルトの張りを点検しますか？",
        "切削油は何のために使いますか？",
    ),
    "th": (
        "ทำไมผู้ใช้ต้องตรวจความตึงของสายพานก่อนเดินเครื่องกลึง",
        "ทำไมผู้ใช้ควรตรวจความตึงของสายพานก่อนเดินเครื่องกลึง",
        "น้ำมันหล่อเย็นมีประโยชน์อะไร",
    ),
}


def example(number: int, question: str, split: str) -> Example:
    return Example.model_validate(
        {
            "id": str(number),
            "question": question,
            "answer": f"答{number}",
            "split": split,
            "teacher": "dataset",
        }
    )


@pytest.mark.parametrize("language", PAIRS)
def test_a_question_that_differs_in_one_word_leaks(language: str) -> None:
    tested, near, other = PAIRS[language]
    pairs = [example(0, tested, "test"), example(1, near, "train"), example(2, other, "train")]
    reasons = [one.reason for one in drop_leaks(candidates_of(pairs), CONFIG)]
    assert reasons == ["", "leaks_to_held_out", ""]


def test_a_template_around_chinese_questions_is_nobodys_own() -> None:
    own = ["皮带", "主轴", "导轨", "卡盘", "刀架", "尾座", "丝杠", "光杠", "齿轮", "电机", "护罩", "溜板"]
    frame = Frame([f"请用一句话回答下面的问题，{word}有什么作用？" for word in own])
    assert frame.bare("请用一句话回答下面的问题，皮带有什么作用？").strip(",?") == "皮带"


def test_the_length_of_a_question_is_that_of_its_words() -> None:
    question = PAIRS["zh"][0]
    assert rejection(question, "操作者必须检查皮带的松紧，因为皮带太松会打滑。") != "length"
    assert rejection("什么？", "皮带太松会打滑。") == "length"
