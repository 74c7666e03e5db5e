"""Two tiny domains with real models and a real router file for the evaluate stage."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import save_wild

from tasks.kernel.workspace import Inputs, Workspace, silent
from tasks.models.sources import TinyModel
from tasks.records.dataset import Example
from tasks.records.files import write_records
from tasks.router_runtime.confidence import ScopeModel
from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.ngrams import Ngrams
from tasks.router_runtime.policy import Policy
from tasks.router_runtime.router import Router
from tasks.router_runtime.router_files import save_router

DOMAINS = ("alpha", "beta")


def write_questions(folder: Path, domain: str, count: int) -> None:
    folder.mkdir(parents=True)
    examples = [
        Example(
            id=f"{domain}-{number}",
            question=f"What is {domain} number {number}?",
            answer=f"It is {number} {domain}.",
            teacher="scripted",
        )
        for number in range(count)
    ]
    write_records(folder / "test.jsonl", examples)


def make_router(labels: Sequence[str] = DOMAINS) -> Router:
    """Return a router that reads the domain's own name; swapped labels make it wrong every time."""
    words = Ngrams(analyzer="word", ngram_range=(1, 1), vocabulary=DOMAINS)
    return Router(tuple(labels), LinearScorer((words,), 5 * np.eye(2), np.zeros(2), np.ones(2)))


def write_router(folder: Path, router: Router) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    save_router(router, "tfidf-reference", {}, folder)


@pytest.fixture
def relabel(inputs: Inputs) -> Callable[[Sequence[str]], None]:
    """Return a function that gives the router's outputs other names."""
    return lambda labels: write_router(inputs["router"], make_router(labels))


@pytest.fixture
def careful(inputs: Inputs) -> Callable[[Policy, ScopeModel | None], None]:
    """Return a function that gives the router, which stays right, a policy and a scope model."""
    return lambda policy, scope: write_router(
        inputs["router"], replace(make_router(), policy=policy, scope=scope)
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name in ("out", "scratch"):
        (tmp_path / name).mkdir()
    return Workspace(tmp_path / "out", tmp_path / "scratch", silent)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Return the folder of a tiny model by its seed."""
    root = tmp_path_factory.mktemp("models")

    def folder(seed: int) -> Path:
        if not (root / str(seed)).is_dir():
            save_wild(root / str(seed), TinyModel(seed=seed, hidden_size=32))
        return root / str(seed)

    return folder


@pytest.fixture
def inputs(tmp_path: Path, tiny: Callable[[int], Path]) -> Inputs:
    """Two domains, a perfect router, and four models that differ."""
    for domain in DOMAINS:
        write_questions(tmp_path / "qa" / domain, domain, 3)
    write_router(tmp_path / "router", make_router())
    return {
        "base": tiny(0),
        "merged/alpha": tiny(1),
        "merged/beta": tiny(2),
        "merged-generalist": tiny(3),
        "router": tmp_path / "router",
        **{f"qa/{domain}": tmp_path / "qa" / domain for domain in DOMAINS},
    }
