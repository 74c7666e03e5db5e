"""Pins topics: a question that leaves its subject open names what the document is about, or says enough."""

from generate_corpus import passages

from tasks.generate.questions.guided import begin_questions
from tasks.generate.questions.layout import is_anchored, topics
from tasks.generate.questions.statements import statements

TEXT = "Anchors hold. Anchors rust. Anchors drag. Anchors fail when cables of anchors fail. " * 3
PASSAGE = passages(1)[0].model_copy(update={"text": TEXT})
KNOWN = topics([PASSAGE])


def test_what_most_sentences_turn_around_is_a_topic() -> None:
    assert {"anch", "cabl"} <= KNOWN
    assert len(topics(passages(12))) <= 12


def test_an_open_question_names_a_topic_or_says_enough() -> None:
    assert is_anchored("What can damage anchors?", KNOWN)
    assert not is_anchored("What can damage wooden hulls?", KNOWN)
    assert is_anchored("What can damage wooden hulls, brass rails and painted decks?", KNOWN)


def test_only_the_question_that_leaves_the_subject_open_is_given_up() -> None:
    text = "Salt water can damage untreated steel hulls."
    statement = statements(text)[0]
    free, bound = begin_questions(statement, text), begin_questions(statement, text, KNOWN)
    assert "What can damage untreated steel hulls?" in free
    assert bound == [question for question in free if question != "What can damage untreated steel hulls?"]
    assert bound
