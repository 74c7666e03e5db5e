"""Pins the share of yes/no questions: it holds in every split, the best stay, and nobody else is thinned."""

from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from generate_pairs import pair
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import kept
from tasks.generate.selection.select import select_pairs
from tasks.generate.selection.yes_no_share import TOO_MANY, kind_of, limit_yes_no, remaining
from tasks.kernel.errors import DataError
from tasks.records.dataset import DRAWN, Candidate, Split

LETTERS = "bcdfghklmnprstvz"


def word(number: int) -> str:
    """Return a word of its own for each number, which has no ending that a stem would lose."""
    return "".join(f"{LETTERS[number >> shift & 15]}o" for shift in (8, 4, 0)) + "k"


def written(
    number: int, *, yes_no: bool, passage: int, reviewed: bool = False, ready: bool = False
) -> Candidate:
    subject = f"{word(7 * number)} {word(7 * number + 1)}"
    asked = f"Is {subject} a {word(7 * number + 2)}?" if yes_no else f"What is {subject}?"
    more = " ".join(word(7 * number + at) for at in range(3, 7))
    answer = f"{subject.capitalize()} is a {word(7 * number + 2)}, {more}."
    example = pair(number, asked, answer, passage="" if ready else f"p{passage}")
    return Candidate(example=example, reviewed=reviewed and not ready)


def settings_of(share: float, seed: int = 42, **changes: object) -> GenerateConfig:
    return GenerateConfig.model_validate(
        {"judging": {"max_yes_no_share": share}, "min_pairs": 3, "min_test_pairs": 1, "seed": seed} | changes
    )


@st.composite
def domains(draw: st.DrawFn) -> list[Candidate]:
    """Draw four or more passages, each with an open question, and a few examples of a data set."""
    found: list[Candidate] = []
    for passage in range(draw(st.integers(4, 8))):
        forms = [False, *draw(st.lists(st.booleans(), max_size=9))]
        for yes_no in forms:
            reviewed = draw(st.integers(0, 7)) == 0
            found.append(written(len(found), yes_no=yes_no, passage=passage, reviewed=reviewed))
    for yes_no in draw(st.lists(st.booleans(), max_size=5)):
        found.append(written(len(found), yes_no=yes_no, passage=0, ready=True))
    return found


@settings(max_examples=60, deadline=None)
@given(domains(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.integers(0, 3))
def test_the_share_holds_in_every_split_and_no_room_is_left(
    candidates: list[Candidate], share: float, seed: int
) -> None:
    config = settings_of(share, seed)
    chosen = select_pairs(candidates, config, {})
    assert chosen == select_pairs(candidates, config, {})
    assert {one.reason for one in chosen} <= {"", TOO_MANY}
    kind = kind_of(config)
    assert all(kind(one.example) == "yes_no" and not one.reviewed for one in chosen if one.reason == TOO_MANY)
    for split in DRAWN:
        here = [one for one in chosen if one.example.split == split]
        kinds = Counter(kind(one.example) for one in here if not one.reason)
        asked, pairs = kinds["yes_no"], kinds["yes_no"] + kinds["other"]
        read = sum(one.reviewed for one in here if kind(one.example) == "yes_no")
        assert asked <= share * pairs + 1e-9 or asked == read
        if any(one.reason for one in here):
            assert asked + 1 > share * (pairs + 1) + 1e-9


@settings(max_examples=20, deadline=None)
@given(domains(), st.randoms(use_true_random=False))
def test_which_ones_stay_does_not_depend_on_their_order(candidates: list[Candidate], draw: Random) -> None:
    placed = [
        one.model_copy(update={"example": one.example.model_copy(update={"split": DRAWN[at % 3]})})
        for at, one in enumerate(candidates)
    ]
    mixed = draw.sample(placed, len(placed))
    config = settings_of(0.1)
    stay = [sorted(one.id for one in kept(limit_yes_no(found, config, DRAWN))) for found in (placed, mixed)]
    assert stay[0] == stay[1]


def test_enough_is_left_to_test_although_yes_no_questions_go() -> None:
    candidates = [written(at, yes_no=at % 6 < 4, passage=at // 6) for at in range(120)]
    for seed in range(20):
        config = settings_of(0.1, seed, min_pairs=30, min_test_pairs=12, min_training_pairs=5)
        chosen = kept(select_pairs(candidates, config, {}))
        assert sum(one.split == "test" for one in chosen) >= 12


def test_a_domain_below_the_share_is_split_as_without_it() -> None:
    candidates = [written(at, yes_no=at % 12 == 0, passage=at // 6) for at in range(120)]
    without = select_pairs(candidates, settings_of(1), {})
    limited = select_pairs(candidates, settings_of(0.25), {})
    assert without == limited


def placed(*questions: tuple[str, str], split: Split = "train") -> list[Candidate]:
    fill = [
        (f"What is {word(at)} {word(at + 1)}?", f"{word(at)} is {word(at + 2)}.") for at in range(0, 27, 3)
    ]
    return [
        Candidate(example=pair(at, asked, told, split=split))
        for at, (asked, told) in enumerate([*questions, *fill])
    ]


def staying(candidates: list[Candidate], config: GenerateConfig) -> list[str]:
    kind = kind_of(config)
    left = kept(limit_yes_no(candidates, config, DRAWN))
    return [one.question for one in left if kind(one) == "yes_no"]


def test_who_alone_tells_a_fact_stays_first_then_who_says_most() -> None:
    told = "Sap runs up in spring and down in autumn."
    short, long = "Is sap sweet?", "Is maple sap sweet in early spring?"
    again = "Does maple sap run up the trunk in spring?"
    pairs = placed(
        (again, told),
        ("Where does sap run in spring?", told),
        (short, "Sap is sweet."),
        (long, "It is sweet."),
    )
    shares = (0.05, 0.1, 0.2, 0.3)
    assert [staying(pairs, settings_of(share)) for share in shares] == [
        [], [long], [short, long], [again, short, long]
    ]  # fmt: skip


def test_what_people_have_read_stays_and_takes_the_room() -> None:
    pairs = placed(("Is sap sweet?", "Sap is sweet."), ("Is maple sap sweet in spring?", "It is sweet."))
    pairs[0] = pairs[0].model_copy(update={"reviewed": True})
    assert staying(pairs, settings_of(0.1)) == ["Is sap sweet?"]
    assert staying(pairs, settings_of(0)) == ["Is sap sweet?"]


@pytest.mark.parametrize(("language", "left"), [("en", 1), ("pl", 3), (None, 2)])
def test_questions_of_other_languages_are_not_limited(language: str | None, left: int) -> None:
    polish = "Do czego służy termometr w domu i w ogrodzie?"
    pairs = placed(
        (polish, "Termometr służy do pomiaru temperatury powietrza i wody."),
        ("Is maple sap sweet in early spring?", "Maple sap is sweet in early spring."),
        ("Is birch sap sweet in early spring?", "Birch sap is sweet in early spring."),
    )
    config = settings_of(0.1, judging={"max_yes_no_share": 0.1, "language": language})
    asked = [one for one in kept(limit_yes_no(pairs, config, DRAWN)) if not one.question.startswith("What")]
    assert len(asked) == left


def test_a_domain_of_yes_no_questions_fails_with_the_field_to_raise() -> None:
    candidates = [written(at, yes_no=True, passage=at // 6) for at in range(60)]
    with pytest.raises(DataError, match=r"raise `judging\.max_yes_no_share`, which refuses \d+ yes/no"):
        select_pairs(candidates, settings_of(0.1), {})


def test_more_room_never_leaves_fewer_pairs() -> None:
    for others in range(40):
        sizes = [
            remaining(Counter(ready=1, other=others, yes_no=20), settings_of(share / 20))
            for share in range(21)
        ]
        assert all(one <= more for one, more in pairwise(sizes))
        assert sizes[0] == 1 + others
        assert sizes[-1] == 21 + others
