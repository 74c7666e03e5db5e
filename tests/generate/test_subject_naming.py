"""Pins decontextualization: a question that names no subject gets its document's, and never a wrong one."""

import json
from pathlib import Path

import pytest
from generate_corpus import workspace, write_corpus

from tasks.generate.config import GenerateConfig
from tasks.generate.questions.subject_naming import name_subjects, subject_of
from tasks.generate.run import run
from tasks.generate.teacher_config import ScriptedTeacher
from tasks.records.corpus import Passage
from tasks.records.dataset import Candidate, Example
from tasks.text.sentences import english_sentences

MIGRAINE = (
    "Bright light makes migraine worse. Sleep is often short in migraine, and rest helps. A dark room eases"
    " the pain. Some people with migraine also see zigzag lines. Strong smells are hard to bear. Coffee can"
    " stop an attack early. Regular meals prevent hunger. Doctors treat migraine with triptans. A diary shows"
    " what sets off migraine. Stress is a frequent cause of migraine."
)
ACT = (
    "Under the Act a tenant may ask for repairs. The Act names a court. A landlord pays a deposit back under"
    " the Act. Rent rises once a year. The Act binds every owner. A notice is given in writing."
    " The Act is old."
)
PIPES = (
    "A pipe carries water. The pipe is made of clay. A pipe breaks in frost. Each pipe has a joint. Water"
    " freezes in a pipe. The pipe lies deep. A pipe needs a slope."
)


def passage(text: str, name: str = "p", **changes: str) -> Passage:
    fields = {"document": f"{name}.pdf", "document_digest": name, "heading": "", "text": text}
    return Passage.model_validate({"id": name, "pages": (1, 1), **fields, **changes})


def named(
    question: str, text: str, answer: str = "It does so.", decided: object = None, heading: str = ""
) -> Candidate:
    example = Example(id="e", question=question, answer=answer, passage="p", document="p.pdf", teacher="t")
    texts = {"p": passage(text, heading=heading)}
    return name_subjects([Candidate(example=example)], texts, lambda _: decided)[0]


@pytest.mark.parametrize(
    ("question", "text", "written"),
    [
        ("What does bright light do?", MIGRAINE, "In migraine, what does bright light do?"),
        ("Is sleep short?", MIGRAINE, "In migraine, is sleep short?"),
        ("For adults, which drugs help?", MIGRAINE, "In migraine, for adults, which drugs help?"),
        (
            "My mother lies in the dark. What helps her?",
            MIGRAINE,
            "My mother lies in the dark. In migraine, what helps her?",
        ),
        ("How often may the rent rise?", ACT, "Under the Act, how often may the rent rise?"),
        ("What does it cost?", MIGRAINE.replace("migraine", "ADHD"), "In ADHD, what does it cost?"),
    ],
)
def test_a_question_that_names_no_subject_gets_the_texts_own(question: str, text: str, written: str) -> None:
    found = named(question, text)
    assert (found.example.question, found.reason) == (written, "")


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        ("How do doctors treat migraine?", MIGRAINE, "With triptans."),
        ("What do migraines begin with?", MIGRAINE, "With zigzag lines."),
        ("When did Harold Wolff study headaches?", MIGRAINE, "Long ago."),
        ("What helps people with gout?", MIGRAINE, "Rest helps them."),
        ("What happened in 1938?", MIGRAINE, "A study began."),
        ("What is eased by a dark room?", MIGRAINE, "Migraine is eased by a dark room."),
        ("What is a disorder?", MIGRAINE.replace("migraine", "CFS"), "Chronic fatigue syndrome is one."),
        ("What breaks in frost?", PIPES, "Clay does."),
        ("What breaks in frost?", "One thing is told. Another is told too.", "Clay does."),
    ],
)
def test_a_question_stays_that_names_one_or_whose_text_has_none(
    question: str, text: str, answer: str
) -> None:
    found = named(question, text, answer)
    assert (found.example.question, found.reason) == (question, "")


def test_an_acronym_is_named_by_its_words() -> None:
    text = MIGRAINE.replace("migraine", "ADHD")
    question = "What is attention-deficit hyperactivity disorder?"
    assert named(question, text).example.question == question


@pytest.mark.parametrize(
    "question",
    ["Triptans do what?", "Which of " + "the long and short " * 7 + "do so?"],
)
def test_a_question_that_grammar_does_not_let_be_introduced_is_refused(question: str) -> None:
    found = named(question, MIGRAINE)
    assert (found.example.question, found.reason, found.detail) == (
        question,
        "names_no_subject",
        "in migraine",
    )


def test_what_people_have_decided_upon_stays_as_they_read_it() -> None:
    question = "What does bright light do?"
    assert named(question, MIGRAINE, decided="row").example.question == question


def test_a_section_has_its_own_subject_where_the_document_has_none() -> None:
    other = " ".join(f"Some stone number {at} rolls down." for at in "abcdefghijklmnopqrstuvwxyz" * 2)
    texts = [
        passage(MIGRAINE, "p", heading="Headaches"),
        passage(other, "q", document="p.pdf", heading="Stones"),
    ]
    pairs = [
        Candidate(example=Example(id=at, question="What rolls?", answer="It.", passage=at, teacher="t"))
        for at in "pq"
    ]
    found = name_subjects(pairs, {one.id: one for one in texts}, lambda _: None)
    assert [one.example.question for one in found] == ["In migraine, what rolls?", "What rolls?"]


def test_what_introduces_a_subject_is_taken_from_all_texts_of_a_domain() -> None:
    sentences = english_sentences(MIGRAINE.replace("in migraine", "at night"))
    assert subject_of(sentences, sentences).introduction == "With migraine"
    assert subject_of(sentences, [*sentences, "Light hurts in migraine."]).introduction == "In migraine"


@pytest.mark.parametrize(("wanted", "begins"), [(True, "In migraine, what is"), (False, "What is")])
def test_a_run_writes_them_unless_told_not_to(tmp_path: Path, *, wanted: bool, begins: str) -> None:
    words = ("amber", "basalt", "cedar", "dune", "ember", "fjord", "granite", "heather", "iris", "jasper")
    texts = [
        passage(
            f"{MIGRAINE} Every {word}stone near {word}field keeps {word}moss and {word}fern from {word}hill.",
            word,
        )
        for word in words
    ]
    corpus = write_corpus(tmp_path / "corpus", texts, [])
    config = GenerateConfig(
        teacher=ScriptedTeacher(), decontextualize=wanted, min_pairs=9, min_test_pairs=1, min_training_pairs=1
    )
    run({"corpus": corpus}, config, workspace(tmp_path))
    lines = (tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(line)["question"] for line in lines]
    assert asked
    assert all(one.startswith(begins) for one in asked if "stone" in one)
