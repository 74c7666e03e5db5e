"""Callers at once: no expert is closed or switched under an answer, and a lease ends with its answer."""

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

import pytest

from serving.adapter_experts import AdapterExperts
from serving.experts import Experts
from tasks.kernel.errors import ModelError, ServiceError

pytestmark = pytest.mark.slow

NAMES = ("ocd", "tax", "bees")
PIECES = 20


class Desk:
    """What one expert has in memory; it answers in pieces, and fails once it is closed."""

    def __init__(self, closed: list[str], name: str) -> None:
        self.closed = closed
        self.open = True
        self.name = name

    def answer(self, name: str, question: str) -> Generator[str, None, None]:
        """Say as much as there is patience for."""
        for number in range(PIECES):
            time.sleep(0)  # lets other threads in
            assert self.open, "closed under an answer"
            yield f"{name}:{question}:{number} "

    def close(self) -> None:
        """Remember it."""
        self.open = False
        self.closed.append(self.name)


class Office:
    """Experts that are there at once, or only once they are let in."""

    names = NAMES

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.closed: list[str] = []
        self.late: dict[str, threading.Event] = {}
        self.broken: set[str] = set()

    def shared(self, name: str) -> str:
        """Share nothing."""
        return name

    def load(self, name: str) -> Desk:
        """Open a desk, when it is let in."""
        self.loaded.append(name)
        if name in self.late:
            assert self.late[name].wait(30)
        if name in self.broken:
            raise ModelError(f"{name}: broken")
        return Desk(self.closed, name)


@pytest.fixture
def office() -> Office:
    return Office()


def whole(name: str, question: str) -> str:
    return "".join(f"{name}:{question}:{number} " for number in range(PIECES))


def test_what_was_asked_longest_ago_is_closed_for_the_next(office: Office) -> None:
    experts = Experts(office, keep=2)
    for name in ("ocd", "tax", "ocd", "bees"):
        assert "".join(experts.answer(name, "Why?")) == whole(name, "Why?")
    assert (office.loaded, office.closed) == (["ocd", "tax", "bees"], ["tax"])


def test_what_is_in_use_stays_open_beyond_the_limit_until_its_answer_ends(office: Office) -> None:
    experts = Experts(office, keep=1)
    first, second = experts.answer("ocd", "Why?"), experts.answer("tax", "How?")
    begun = next(first) + next(second)
    assert office.closed == []
    assert "".join(second) + begun
    assert office.closed == ["tax"]
    list(first)
    assert office.closed == ["tax"]


def test_a_caller_who_leaves_early_gives_the_lease_back(office: Office) -> None:
    experts = Experts(office)
    answer = experts.answer("ocd", "Why?")
    next(answer)
    answer.close()
    experts.close()
    assert office.closed == ["ocd"]


def test_an_answer_in_the_making_outlives_close_and_new_questions_are_refused(office: Office) -> None:
    experts = Experts(office)
    list(experts.answer("tax", "How?"))
    answer = experts.answer("ocd", "Why?")
    begun = next(answer)
    experts.close()
    assert office.closed == ["tax"]
    with pytest.raises(ServiceError, match="ocd: the experts are closed"):
        next(experts.answer("ocd", "Why?"))
    assert begun + "".join(answer) == whole("ocd", "Why?")
    assert office.closed == ["tax", "ocd"]


def test_an_expert_that_cannot_be_loaded_is_tried_again(office: Office) -> None:
    experts = Experts(office, keep=1)
    office.broken.add("ocd")
    with pytest.raises(ModelError, match="ocd: broken"):
        next(experts.answer("ocd", "Why?"))
    office.broken.clear()
    assert "".join(experts.answer("ocd", "Why?")) == whole("ocd", "Why?")


def test_an_expert_that_the_run_lacks_is_named(office: Office) -> None:
    with pytest.raises(ModelError, match="poetry: this run has no expert for it"):
        next(Experts(office).answer("poetry", "Why?"))


def test_callers_at_once_load_an_expert_once_and_others_do_not_wait_for_it(office: Office) -> None:
    experts, office.late = Experts(office), {"ocd": threading.Event()}
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(lambda: "".join(experts.answer("ocd", "Why?"))) for _ in range(3)]
        try:
            prompt = pool.submit(lambda: "".join(experts.answer("tax", "How?"))).result(timeout=30)
        finally:
            office.late["ocd"].set()
        assert {answer.result(timeout=30) for answer in waiting} == {whole("ocd", "Why?")}
    assert prompt == whole("tax", "How?")
    assert office.loaded.count("ocd") == 1


def test_many_threads_on_few_places_get_whole_answers(office: Office) -> None:
    experts = Experts(office, keep=1)
    asked = [(name, str(number)) for number in range(60) for name in NAMES]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda pair: "".join(experts.answer(*pair)), asked))
    assert answers == [whole(*pair) for pair in asked]
    experts.close()
    assert sorted(office.closed) == sorted(office.loaded)


@pytest.fixture(scope="module")
def adapters(base: Path, make_adapter: Callable[..., Path]) -> AdapterExperts:
    """Two on the same weights, one on others."""
    folders = {"ocd": make_adapter(1), "tax": make_adapter(2), "bees": make_adapter(3, "nf4")}
    return AdapterExperts(base, folders, max_new_tokens=16)


@pytest.fixture(scope="module")
def alone(adapters: AdapterExperts) -> dict[str, str]:
    """What each says when nobody else asks."""
    experts = Experts(adapters)
    answers = {name: "".join(experts.answer(name, "Why?")) for name in NAMES}
    assert len(set(answers.values())) == len(NAMES)
    return answers


def test_answers_that_are_read_in_turns_are_those_of_each_expert_alone(
    adapters: AdapterExperts, alone: dict[str, str]
) -> None:
    experts = Experts(adapters)
    turns = list(zip_longest(*(experts.answer(name, "Why?") for name in NAMES), fillvalue=""))
    assert len(turns) > 1
    assert dict(zip(NAMES, map("".join, zip(*turns, strict=True)), strict=True)) == alone


def test_answers_in_threads_are_those_of_each_expert_alone(
    adapters: AdapterExperts, alone: dict[str, str]
) -> None:
    experts, asked = Experts(adapters, keep=1), NAMES * 4
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda name: "".join(experts.answer(name, "Why?")), asked))
    assert answers == [alone[name] for name in asked]
