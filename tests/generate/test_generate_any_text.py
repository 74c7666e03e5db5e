"""Pins that no rule of generation or judging raises, whatever a document, a model or a data set says."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.generate.config import GenerateConfig
from tasks.generate.judging.filters import question_of, rejection
from tasks.generate.judging.grounding import Evidence, support, unsupported
from tasks.generate.judging.judge import _broken_rule
from tasks.generate.judging.polarity import claim, opposed
from tasks.generate.judging.question_form import question_form
from tasks.generate.pairs import Ask, Draft, Reply, candidates_of
from tasks.generate.questions.asking import plan_asks
from tasks.generate.questions.subject_naming import name_subjects
from tasks.generate.selection.contradictions import drop_contradictions
from tasks.generate.selection.decontamination import drop_leaks
from tasks.generate.selection.deduplication import drop_duplicates
from tasks.generate.selection.framing import Frame
from tasks.generate.selection.yes_no_share import limit_yes_no
from tasks.generate.teacher_config import EmbeddedTeacher, ScriptedTeacher
from tasks.generate.teachers.parsing import parse_drafts
from tasks.records.corpus import Passage
from tasks.records.dataset import SPLITS, Example
from tasks.text.words import find_words

WORDS = (
    *("it", "is", "not", "never", "no", "cannot", "does", "don't", "the", "A", "of", "has", "have", "been"),
    *("They", "These", "This", "In", "For", "Although", "which", "because", "by", "to", "be", "may", "more"),
    *("Patients", "such", "as", "called", "help", "used", "causes", "If", "you", "should", "Learn", "about"),
    *(
        "==",
        "!=",
        "{",
        "}",
        "x[0]",
        "print(x)",
        "--",
        "—",
        "...",
        "?",
        "!",
        ";",
        "(",
        ")",
        "“",
        "”",
        "’s",
        "-",
    ),
    *(
        "•",
        "# ",
        "\n",
        "\n\n",
        "\t",
        "1,200",
        "12",
        "٣",
        "²",
        "5 March 2020",
        "hundred",
        "million",
        "U.S.",
        "p.",
    ),
    *("漢字かな。", "ไทยภาษา", "हिन्दी।", "عربي؟", "Ünï", "İ", "ß", "ﬁ", "\u200b", "\u00ad", "🙂", "\u0301"),
)
SENTENCES = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
ANY = st.one_of(SENTENCES, SENTENCES.map(lambda text: f"{text[:1].upper()}{text[1:]}."), st.text(max_size=80))
SOME = ANY.filter(bool)
pytestmark = pytest.mark.slow
ANYTHING = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
GUIDED = GenerateConfig(teacher=EmbeddedTeacher(), min_answer_words=1)
CONFIG = GenerateConfig(teacher=ScriptedTeacher(), min_answer_words=1)


def passage(text: str, heading: str = "") -> Passage:
    return Passage(id="a-0", document="d", document_digest="a", pages=(1, 1), text=text, heading=heading)


@ANYTHING
@given(ANY, ANY)
def test_any_passage_can_be_asked_about(text: str, more: str) -> None:
    for config in (GUIDED, CONFIG):
        plan = plan_asks([passage(f"{text} {more}")], config)
        assert plan.asked == sum(counts["asked"] for counts in plan.by_passage.values())


@ANYTHING
@given(ANY, ANY, ANY)
def test_any_reply_is_read(opening: str, reply: str, answer: str) -> None:
    question = question_of(
        Draft(ask=Ask(passage="a-0", answer=answer, opening=opening), reply=Reply(text=reply))
    )
    assert question is None or question.endswith("?")
    assert rejection(question or opening, answer) != ""


MARKS = (
    "[",
    "{",
    "]",
    "}",
    ",",
    ":",
    '"',
    "```json\n",
    "```",
    "\n",
    "Q:",
    "A:",
    "question: -",
    "answer:",
    "why?",
)
KEYS = ('{"question": "', '", "answer": "', '"}', '"type": "how"', "1e999", "NaN", "9" * 5000, '[{"a":' * 400)


@ANYTHING
@given(st.lists(st.sampled_from((*MARKS, *KEYS, *WORDS)), max_size=16).map(" ".join))
def test_any_reply_of_several_pairs_is_read(reply: str) -> None:
    draft = Draft(ask=Ask(passage="a-0", count=2, text="Text."), reply=Reply(text=reply))
    parsed = parse_drafts([draft], {"a-0": passage("Text.")}, CONFIG.teacher)
    assert all(one.example.question.strip() and one.example.answer.strip() for one in parsed.candidates)


@pytest.mark.parametrize(
    ("reply", "pairs"),
    [
        ('\n "question" : - - \n { A: y -', 0),
        ('[{"question": 1, "answer": ' + "9" * 6000 + "}]", 1),
        ('[{"pairs": ' * 900, 0),
    ],
)
def test_a_reply_that_is_hard_to_read_costs_its_own_pairs(reply: str, pairs: int) -> None:
    draft = Draft(ask=Ask(passage="a-0", count=2, text="Text."), reply=Reply(text=reply))
    assert len(parse_drafts([draft], {"a-0": passage("Text.")}, CONFIG.teacher).candidates) == pairs


@ANYTHING
@given(ANY, SOME, SOME, ANY)
def test_any_pair_is_judged(text: str, question: str, answer: str, heading: str) -> None:
    example = Example(id="1", question=question, answer=answer, passage="a-0", teacher="t")
    evidence = Evidence(passage(text, heading))
    verdict = _broken_rule(example, evidence, CONFIG.judging, lambda _: "")
    assert verdict is None or verdict[0]
    assert unsupported(example, evidence, 0.8) is None or verdict is not None
    assert 0 <= support(question, answer, evidence) <= 1


@ANYTHING
@given(
    st.lists(ANY, min_size=1, max_size=8), SOME, SOME, st.sampled_from(["depression", "ADHD", "Act", "x[0]"])
)
def test_any_question_can_be_given_a_subject(texts: list[str], question: str, answer: str, word: str) -> None:
    text = " ".join([*texts, *[f"It is so in {word}."] * 8])
    example = Example(id="1", question=question, answer=answer, passage="a-0", teacher="t")
    found = name_subjects(candidates_of([example]), {"a-0": passage(text)}, lambda _: None)[0]
    assert find_words(found.example.question.lower())[-1:] == find_words(question.lower())[-1:]


@ANYTHING
@given(ANY, ANY)
def test_any_question_has_a_form(question: str, answer: str) -> None:
    form = question_form(f"{question}?", answer)
    assert form in {"yes_no", "choice", "open"}
    assert question_form(f"{question}.", answer) == "open" or "?" in question or "？" in question


@ANYTHING
@given(ANY, ANY)
def test_any_two_sentences_can_be_opposed(one: str, other: str) -> None:
    told = claim(one)
    assert opposed(told, [claim(other)], claim("")) == "" or told.stems


def test_a_sentence_without_a_word_denies_nothing() -> None:
    for text in ("", "***", "== != {}", "\u200b", "。"):
        assert not claim(text).stems


@ANYTHING
@given(st.lists(st.tuples(SOME, SOME, st.sampled_from(SPLITS), st.booleans()), min_size=1, max_size=12))
def test_any_pairs_are_compared_and_none_is_lost(pairs: list[tuple[str, str, str, bool]]) -> None:
    examples = [
        Example.model_validate(
            {
                "id": str(at),
                "question": question,
                "answer": answer,
                "split": split,
                "teacher": "t",
                "passage": f"p{at}" * written,
            }
        )
        for at, (question, answer, split, written) in enumerate(pairs)
    ]
    agreed = drop_contradictions(candidates_of(examples), 1)
    chosen = limit_yes_no(drop_leaks(drop_duplicates(agreed, CONFIG), CONFIG), CONFIG, SPLITS)
    assert [one.example for one in chosen] == examples
    lost = {"contradicts", "too_many_yes_no"}
    assert any(not one.reason for one in chosen) or any(one.reason in lost for one in chosen)


@ANYTHING
@given(st.lists(ANY, min_size=10, max_size=14), ANY)
def test_any_texts_have_a_frame(texts: list[str], text: str) -> None:
    frame = Frame([f"Say it: {one}" for one in texts])
    assert isinstance(frame.bare(text), str)
