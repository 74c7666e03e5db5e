"""Pins words and sentences of scripts without spaces, and that other text goes the way it always went."""

import re
import unicodedata

import pytest

from tasks.text.near import NearDuplicates
from tasks.text.segments import LONGEST_WORD, count_words, joins_unspaced, segments, unwrapped
from tasks.text.sentences import LONGEST_SENTENCE, block_sentences, paragraph_sentences
from tasks.text.unspaced_sentences import LONGEST_UNSPACED
from tasks.text.words import WORD, find_words, lowered, word_set

CHINESE = "启动机器之前，请检查皮带的松紧。操作时严禁戴手套！"
JAPANESE = "機械を始動する前に、ベルトの張りを確認してください。"
THAI = "ก่อนเดินเครื่องให้ตรวจความตึงของสายพานและระดับน้ำมัน"
LAO = "ກ່ອນເປີດເຄື່ອງຈັກໃຫ້ກວດສາຍພານແລະລະດັບນ້ຳມັນ"
KHMER = "មុនពេលបើកម៉ាស៊ីនសូមពិនិត្យខ្សែក្រវាត់និងប្រេង"
BURMESE = "စက်မဖွင့်မီခါးပတ်နှင့်ဆီအဆင့်ကိုစစ်ဆေးပါ"
TIBETAN = "འཕྲུལ་འཁོར་མ་བཏང་གོང་ལ་སྣུམ་ལ་བརྟག་དཔྱད་བྱ་དགོས"
SCRIPTS = [CHINESE, JAPANESE, THAI, LAO, KHMER, BURMESE, TIBETAN]


@pytest.mark.parametrize("text", SCRIPTS, ids=lambda text: unicodedata.name(text[0]).split()[0])
def test_words_are_found_and_nothing_is_lost(text: str) -> None:
    words = find_words(text)
    assert 5 <= len(words) == count_words(text) < len(text)
    assert "".join(words) == "".join(word for word in segments(text) if word[0].isalnum() or word in words)
    assert "".join(segments(text)) == text


def test_words_of_known_sentences() -> None:
    assert find_words("ผู้ใช้ต้องสวมแว่นตา") == ["ผู้", "ใช้", "ต้อง", "สวม", "แว่นตา"]
    assert find_words("Python3を使う。It's a follow-up.") == [
        "Python3",
        "を",
        "使う",
        "It's",
        "a",
        "follow-up",
    ]
    assert lowered("ABC分析とは") == ["abc", "分析", "と", "は"]


@pytest.mark.parametrize(
    "text", ["It’s a — naïve — follow-up… 5 µm", "Привет, мир", "한국어 문장이다", "عربي نص"]
)
def test_scripts_with_spaces_keep_their_words(text: str) -> None:
    assert find_words(text) == WORD.findall(text)
    assert count_words(text) == sum(any(map(str.isalnum, piece)) for piece in text.split())


@pytest.mark.parametrize(
    "sentences",
    [
        ["启动机器之前，请检查皮带。", "操作时严禁戴手套！！", "他说：“走吧。”", "然后走了"],
        ["これは文です。", "「そうですか？」と言った。", "直径は３．５です．", "次（例。）です。", "終わり"],
        ["စက်ကိုဖွင့်ပါ။", "ဆီကိုစစ်ပါ။"],
        ["សូមពិនិត្យ។", "សូមបិទ៕"],
        ["བོད་ཡིག་ནི།", "སྐད་ཡིག་རེད།"],
        ["Use 旋盤 here.", "Then stop.", "止める。"],
    ],
)
@pytest.mark.parametrize("space", ["", " "])
def test_sentences_end_at_the_marks_of_the_script(sentences: list[str], space: str) -> None:
    if not space and sentences[0].isascii() | sentences[0].startswith("Use"):
        space = " "
    assert paragraph_sentences(space.join(sentences)) == sentences


@pytest.mark.parametrize("text", [THAI * 40, CHINESE[:5] * 400, THAI * 9 + " " + THAI * 9, "漢" * 900])
def test_a_text_without_marks_is_cut_between_words(text: str) -> None:
    pieces = paragraph_sentences(text)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert max(map(count_words, pieces)) <= LONGEST_UNSPACED
    assert [word for piece in pieces for word in find_words(piece)] == find_words(text)


def test_a_pause_is_where_one_cuts_first() -> None:
    part = THAI * 5
    assert 40 <= count_words(part) <= LONGEST_UNSPACED / 1.5
    assert paragraph_sentences(f"{part} {part} {part}") == [part, part, part]


def test_what_has_no_space_in_any_script_is_cut() -> None:
    text = "x" * LONGEST_WORD * 150 + "e\u0301"
    assert count_words(text) == 151
    pieces = paragraph_sentences(text)
    assert list(map(count_words, pieces)) == [151]
    assert max(map(count_words, paragraph_sentences(text * 3))) == LONGEST_SENTENCE
    assert "".join(pieces) == text


def test_scripts_of_the_list_are_sentences_for_whoever_asks_too() -> None:
    assert block_sentences(CHINESE) == re.findall(".*?[。！]", CHINESE)
    english = "It is in Tokyo (東京). Go there."
    assert block_sentences(english) == ["It is in Tokyo (東京).", "Go there."]


def test_lines_of_chinese_join_without_a_space() -> None:
    assert unwrapped("启动机器\n之前，\n 请检查") == "启动机器之前，请检查"
    assert (
        unwrapped("启动 machine\n之前 and\nafter\n\n한국어\n문장")
        == "启动 machine\n之前 and\nafter\n\n한국어\n문장"
    )
    assert joins_unspaced("启动", "机器")
    assert joins_unspaced(THAI, THAI)
    assert not any(
        joins_unspaced(*pair)
        for pair in [("a", "b"), ("启", "b"), ("한", "국"), ("", "启"), ("”", "b"), ("—", "“")]
    )


def test_near_texts_share_words_and_not_whole_sentences() -> None:
    one = "操作者在开动车床之前必须检查皮带的松紧和油位"
    index = NearDuplicates([one], 0.7)
    index.add(one)
    assert one.replace("必须", "应当") in index
    assert CHINESE not in index
    assert len(word_set(one)) > 5
