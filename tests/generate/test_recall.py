"""Pins `recall`: questions on facts that training tells in another form, and nothing of them in training."""

from generate_pairs import example
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.generate.config import GenerateConfig
from tasks.generate.selection.recall import hold_out_recall, take_back_untold
from tasks.records.dataset import Candidate, Example
from tasks.text.key_facts import says

HALF = GenerateConfig(recall_share=0.5)
FACTS = (
    ("a cog wheel", "turns", "the train", "turn"),
    ("a steel rope", "pulls", "the cabin", "pull"),
    ("fresh snow", "blocks", "the upper track", "block"),
    ("an old bridge", "carries", "the narrow road", "carry"),
    ("the morning wind", "moves", "the empty chairs", "move"),
)


def both_ends(place: int, split: str = "train") -> list[Candidate]:
    """Return a fact that is asked for from both ends."""
    subject, verb, thing, bare = FACTS[place]
    answer = f"{subject[0].upper()}{subject[1:]} {verb} {thing}."
    questions = (f"What {verb} {thing}?", f"What does {subject} {bare}?")
    return [
        Candidate(example=example(question, answer, id=f"{place}-{number}", passage=f"p{place}", split=split))
        for number, question in enumerate(questions)
    ]


def recalled(candidates: list[Candidate]) -> list[Example]:
    return [one.example for one in candidates if one.example.split == "recall"]


def test_a_fact_asked_from_both_ends_is_trained_on_from_one_and_recalled_from_the_other() -> None:
    [held] = recalled(hold_out_recall(both_ends(0), HALF))
    assert (held.question, held.key_fact) in {
        ("What turns the train?", "A cog wheel."),
        ("What does a cog wheel turn?", "The train."),
    }
    assert held.answer == "A cog wheel turns the train."


def test_a_fact_that_is_asked_for_once_is_trained_on() -> None:
    assert not recalled(hold_out_recall(both_ends(0)[:1], HALF))


def test_another_passage_does_not_tell_it() -> None:
    one, other = both_ends(0)
    elsewhere = other.model_copy(update={"example": other.example.model_copy(update={"passage": "p9"})})
    assert not recalled(hold_out_recall([one, elsewhere], HALF))


def test_an_answer_that_only_names_the_thing_does_not_tell_what_it_does() -> None:
    one = both_ends(0)[0]
    named = example(
        "Why do drivers oil a cog wheel?",
        "Drivers oil a cog wheel because it squeaks.",
        id="n",
        passage="p0",
        split="train",
    )
    assert not recalled(hold_out_recall([one, Candidate(example=named)], HALF))


def test_a_question_in_nearly_the_same_words_is_no_other_form() -> None:
    one = both_ends(0)[0]
    again = one.example.model_copy(update={"id": "again", "question": "What usually turns the train?"})
    config = GenerateConfig.model_validate({"recall_share": 0.5, "judging": {"leak_similarity": 0.6}})
    assert not recalled(hold_out_recall([one, Candidate(example=again)], config))


def test_what_tests_stays_and_what_a_person_reviewed_stays() -> None:
    held_out = both_ends(0, "test")
    reviewed = [one.model_copy(update={"reviewed": True}) for one in both_ends(1)]
    assert hold_out_recall([*held_out, *reviewed], HALF) == [*held_out, *reviewed]


def test_no_share_holds_nothing_out() -> None:
    candidates = [one for place in range(5) for one in both_ends(place)]
    assert hold_out_recall(candidates, GenerateConfig(recall_share=0)) == candidates


@given(st.permutations(range(5)), st.floats(0, 0.9), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_every_fact_held_out_is_still_told_and_the_share_is_kept(
    order: list[int], share: float, seed: int
) -> None:
    candidates = [one for place in order for one in both_ends(place)]
    found = hold_out_recall(candidates, GenerateConfig(recall_share=share, seed=seed))
    assert [one.example.id for one in found] == [one.example.id for one in candidates]
    trained = [one.example for one in found if one.example.split == "train"]
    held = recalled(found)
    assert len(held) <= share * len(candidates)
    for one in held:
        assert any(other.passage == one.passage and says(other.answer, one.key_fact) for other in trained)
        assert one.question not in {other.question for other in trained}


def test_a_fact_that_nobody_tells_any_more_is_trained_on_again() -> None:
    found = hold_out_recall([*both_ends(0), *both_ends(1)], HALF)
    lost = [
        one.model_copy(update={"reason": "too_many_yes_no"})
        if one.example.split == "train" and one.example.passage == "p0"
        else one
        for one in found
    ]
    taken = take_back_untold(lost)
    assert {one.example.passage for one in taken if one.example.split == "recall"} == {"p1"}
    assert {one.example.key_fact for one in taken if one.example.split == "train"} == {""}
    assert take_back_untold(found) == found


def test_an_answer_that_speaks_of_the_same_without_the_fact_does_not_tell_it() -> None:
    one = both_ends(0)[0]
    other = example(
        "When does the train turn?", "The train turns at noon.", id="n", passage="p0", split="train"
    )
    assert not recalled(hold_out_recall([one, Candidate(example=other)], HALF))
