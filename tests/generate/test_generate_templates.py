"""Pins that pairs are compared by what differs: not by a template around them or a spelling of Unicode."""

import random
from pathlib import Path
from unicodedata import normalize

import pytest
from generate_corpus import workspace, write_corpus

from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import candidates_of
from tasks.generate.run import run
from tasks.generate.selection.contradictions import drop_contradictions
from tasks.generate.selection.decontamination import drop_benchmarks, drop_leaks
from tasks.generate.selection.deduplication import drop_duplicates
from tasks.generate.selection.framing import Frame
from tasks.generate.selection.select import select_pairs
from tasks.generate.teacher_config import ScriptedTeacher
from tasks.kernel.errors import DataError
from tasks.records.dataset import Example, Split

CONFIG = GenerateConfig(teacher=ScriptedTeacher(), min_pairs=20, min_test_pairs=5)
LONG = "Say whether the guest who wrote the following lines liked the stay, with one word only. Lines: {}"
TEMPLATES = (
    LONG,
    "{} Decide now whether the guest who wrote these lines liked the stay, and answer with one word.",
    "Guest: {} And what did this guest think of it?",
    "You are a helpful assistant of a large hotel.\nRead what the guest wrote:\n{}\nThink before you answer.",
)
NOUNS = "lamp towel pillow window garden breakfast carpet kettle balcony mirror curtain corridor".split()  # noqa: SIM905
QUALITIES = "clean broken quiet bright dusty warm narrow tidy shaky lovely damp modern".split()  # noqa: SIM905


def texts(count: int) -> list[str]:
    """Return short texts that share few words."""
    draw = random.Random(3)  # noqa: S311  # a sample, no secret
    drawn = (draw.sample(QUALITIES, 2) + draw.sample(NOUNS, 3) for _ in range(4 * count))
    distinct = {frozenset(words): " ".join(words) for words in drawn}
    return list(distinct.values())[:count]


def data_set(questions: list[str], answers: list[str], held_out: int = 20) -> list[Example]:
    splits: list[Split] = ["test"] * held_out + ["validation"] * 10
    return [
        Example(
            id=f"d{at}",
            question=question,
            answer=answers[at % len(answers)],
            teacher="dataset",
            split=splits[at] if at < len(splits) else "train",
        )
        for at, question in enumerate(questions)
    ]


def kept(examples: list[Example]) -> dict[str, int]:
    chosen = select_pairs(candidates_of(examples), CONFIG, {})
    found = [one.example.split or "" for one in chosen if not one.reason]
    return {split: found.count(split) for split in ("train", "validation", "test")}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_around_every_text_loses_no_pair(template: str) -> None:
    plain = texts(150)
    bare = kept(data_set(plain, ["good", "bad"]))
    assert bare == {"train": 120, "validation": 10, "test": 20}
    assert kept(data_set([template.format(text) for text in plain], ["good", "bad"])) == bare


def test_several_templates_lose_no_pair_either() -> None:
    questions = [(*TEMPLATES[:2], TEMPLATES[3])[at % 3].format(text) for at, text in enumerate(texts(160))]
    assert kept(data_set(questions, ["good", "bad"]))["train"] == 130


def test_a_template_around_the_answers_loses_no_pair() -> None:
    answers = [f"All in all, the guest who wrote this had a {word} stay at the hotel." for word in QUALITIES]
    assert kept(data_set([LONG.format(text) for text in texts(150)], answers))["train"] == 120


def test_words_between_what_differs_are_no_copy() -> None:
    pairs = [(one, other) for one in NOUNS for other in QUALITIES]
    questions = [f"What does the {one} have to do with a {other} bed of this hotel?" for one, other in pairs]
    answers = [f"The {one} is there to keep the bed {other} for all of the guests." for one, other in pairs]
    examples = data_set(questions, ["x"])
    changed = [one.model_copy(update={"answer": answers[at]}) for at, one in enumerate(examples)]
    assert kept(changed)["train"] == len(pairs) - 30


def test_copies_behind_a_template_are_found_all_the_same() -> None:
    questions = [LONG.format(text) for text in texts(100)]
    shuffled = " ".join(reversed(texts(100)[0].split()))
    examples = data_set([*questions, LONG.format(shuffled) + "!"], ["good"])
    found = drop_leaks(candidates_of(examples), CONFIG)
    assert [(one.example.id, one.detail) for one in found if one.reason] == [("d100", "d0")]


def test_a_benchmark_is_recognised_behind_a_template(tmp_path: Path) -> None:
    plain = texts(100)
    (tmp_path / "b.txt").write_text(f"{plain[50]}\n{LONG.format(plain[60])}\n")
    examples = data_set([LONG.format(text) for text in plain], ["good"])
    found = drop_benchmarks(candidates_of(examples), {"b": tmp_path / "b.txt"}, CONFIG)
    assert {one.example.id: one.detail for one in found if one.reason} == {"d50": "b.txt:1", "d60": "b.txt:2"}


def test_what_a_teacher_asked_is_compared_as_it_is() -> None:
    questions = [LONG.format(text) for text in texts(100)]
    written = [
        example.model_copy(update={"passage": f"p{at}"})
        for at, example in enumerate(data_set(questions, ["good"]))
    ]
    reasons = [one.reason for one in drop_leaks(candidates_of(written), CONFIG)]
    assert reasons.count("leaks_to_held_out") == 70


def test_a_few_texts_have_no_frame_and_a_text_is_never_touched_by_another_one() -> None:
    assert Frame([LONG.format(text) for text in texts(9)]).bare(LONG.format("a b")) == LONG.format("a b")
    frame = Frame([LONG.format(text) for text in texts(60)])
    assert frame.bare(LONG.format("Lamp, broken!")).endswith(": Lamp, broken!")
    assert frame.bare("Why is the sea salty?") == "Why is the sea salty?"
    assert frame.bare(LONG.format("")) == ""


def test_natural_questions_have_no_frame() -> None:
    openings = ("What is", "How does", "Why would", "When did", "Where is", "Which kind of")
    questions = [f"{openings[at % 6]} the {text}?" for at, text in enumerate(texts(60))]
    assert [Frame(questions).bare(question) for question in questions] == questions


def test_the_stage_names_the_numbers_where_leaks_leave_too_little(tmp_path: Path) -> None:
    plain = texts(60)
    copies = [f"{text} please" for text in plain[:20]]
    examples = data_set([*plain, *copies], ["a", "b"])
    corpus = write_corpus(tmp_path / "corpus", [], examples)
    judging = CONFIG.judging.model_copy(update={"near_duplicate": 1.0})
    config = CONFIG.model_copy(update={"judging": judging, "max_leaked_share": 0.3})
    with pytest.raises(
        DataError,
        match=r"the data set: 30 of 50 training pairs are left, because 20 resemble held-out ones: more than"
        r" `max_leaked_share` \(30%\)",
    ):
        run({"corpus": corpus}, config, workspace(tmp_path))


def test_pairs_to_train_on_are_counted_apart_from_those_that_test() -> None:
    examples = data_set(texts(35), ["good", "bad"], held_out=22)
    with pytest.raises(DataError, match=r"3 of 3 training pairs are left: `min_training_pairs` is 5"):
        select_pairs(candidates_of(examples), CONFIG, {})
    few = CONFIG.model_copy(update={"min_training_pairs": 3})
    assert sum(not one.reason for one in select_pairs(candidates_of(examples), few, {})) == 35


COMPOSED = "Wie fährt man über die schöne große Brücke nach Müllrose, ohne Gebühr für Gäste?"
ANSWER = "Man fährt früh los, löst kein Ticket und hält sich am Fluß entlang der grünen Bögen."


@pytest.mark.parametrize("form", ["NFD", "NFKD"])
def test_forms_of_one_text_are_one_pair(form: str) -> None:
    both = [
        Example(id="a", question=COMPOSED, answer=ANSWER, teacher="dataset"),
        Example(
            id="b", question=normalize(form, COMPOSED), answer=normalize(form, ANSWER), teacher="dataset"
        ),  # type: ignore[arg-type]  # a form
    ]
    assert [one.reason for one in drop_duplicates(candidates_of(both), CONFIG)] == ["", "duplicate_question"]


@pytest.mark.parametrize(
    "other",
    [
        normalize("NFD", COMPOSED),
        COMPOSED.replace("fährt", "fä\u00adhrt")
        .replace("Brücke", "Brü\u200bcke")
        .replace("ohne", "\ufeffohne"),
        "".join(chr(ord(sign) + 0xFEE0) if sign.isascii() and sign.isalpha() else sign for sign in COMPOSED),
    ],
)
def test_forms_of_one_text_are_not_on_two_sides(other: str, tmp_path: Path) -> None:
    pairs = [
        Example(id="a", question=COMPOSED, answer="x", teacher="dataset", split="test"),
        Example(id="b", question=other, answer="y", teacher="dataset", split="train"),
    ]
    assert drop_leaks(candidates_of(pairs), CONFIG)[1].reason == "leaks_to_held_out"
    (tmp_path / "b.txt").write_text(COMPOSED, encoding="utf-8")
    found = drop_benchmarks(candidates_of(pairs[1:]), {"b": tmp_path / "b.txt"}, CONFIG)
    assert found[0].reason == "in_benchmark"


def test_forms_of_one_text_contradict_each_other() -> None:
    question = "Ist das Gerät für Anfänger geeignet?"
    pairs = [
        Example(id="a", question=question, answer="Yes, it is.", teacher="dataset"),
        Example(id="b", question=normalize("NFD", question), answer="No, it is not.", teacher="dataset"),
    ]
    question_in_english = "Why does the café close?"
    numbered = [
        Example(id="c", question=question_in_english, answer="The café closes at 5.", teacher="dataset"),
        Example(
            id="d",
            question=normalize("NFD", question_in_english),
            answer=normalize("NFD", "The café closes at 7."),
            teacher="dataset",
        ),
    ]
    assert [one.reason for one in drop_contradictions(candidates_of(numbered), 2)] == ["contradicts"] * 2
    assert len(drop_contradictions(candidates_of(pairs), 2)) == 2
