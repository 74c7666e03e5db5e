"""Prove that an exported router says what the router says: questions in, the greatest differences out."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tasks.kernel.errors import DataError
from tasks.records.files import Record
from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.neural import session_of
from tasks.router_runtime.question_scores import Floats
from tasks.router_runtime.router import Router

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
import random

from pydantic import ConfigDict

from tasks.records.files import read_records

ALLOWED = 1e-4
"""Greatest difference of a probability."""
_TIE = 1e-6
"""Labels whose probabilities are no further apart are equally right: rounding decides."""
Answers = tuple[Floats, Floats]
"""Probabilities (questions, labels) and chances of being in scope (questions,)."""


class Parity(Record):
    """How far a form's answers lie from the router's."""

    form: str
    questions: int
    other_labels: int
    """Questions with another best label, other than ties."""
    probability: float
    """Greatest difference of a probability."""
    in_scope: float
    """Greatest difference of the chance of being in scope."""

    @property
    def holds(self) -> bool:
        """Whether the form may stand for the router."""
        return self.other_labels == 0 and max(self.probability, self.in_scope) <= ALLOWED


def require(parity: Parity, folder: Path) -> None:
    """Raise DataError where the form says something else than the router."""
    if not parity.holds:
        raise DataError(
            f"{folder}: the exported {parity.form} differs from the router: {parity.other_labels} of"
            f" {parity.questions} questions get another label, probabilities differ by up to"
            f" {parity.probability:.2g}, chances of being in scope by {parity.in_scope:.2g};"
            " keep serving the router itself, and report this"
        )


def answers_of(router: Router, questions: Sequence[str]) -> Answers:
    """Return what the router itself says."""
    scored = router.scorer.score(questions)
    return router.calibration.probabilities(scored.scores), router.in_scope(scored)


def compare(form: str, wanted: Answers, found: Answers) -> Parity:
    """Return the differences of two sets of answers."""
    rows = np.arange(len(wanted[0]))
    behind = wanted[0].max(axis=1) - wanted[0][rows, found[0].argmax(axis=1)]
    return Parity(
        form=form,
        questions=len(rows),
        other_labels=int((behind > _TIE).sum()),
        probability=float(np.abs(wanted[0] - found[0]).max()),
        in_scope=float(np.abs(wanted[1] - found[1]).max()),
    )


def answers_of_reader(folder: Path, reader: str, questions: Sequence[str]) -> Answers:
    """Return what the reader in the folder says, in a process of its own, as an app's would be."""
    done = subprocess.run(
        [sys.executable, folder / reader, folder],
        input="".join(json.dumps(question) + "\n" for question in questions),
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise DataError(f"{folder / reader}: {done.stderr.strip()}; keep serving the router itself")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    shares = np.array([one["probabilities"] for one in found])
    return shares, np.array([one["in_scope"] for one in found])


def answers_of_graph(path: Path, scorer: LinearScorer, questions: Sequence[str]) -> Answers:
    """Return what the ONNX graph of a TF-IDF router says."""
    session = session_of(path.read_bytes())
    found = [_run(session, scorer, question) for question in questions]
    return np.vstack([shares for shares, _ in found]), np.concatenate([chance for _, chance in found])


def _run(session: "InferenceSession", scorer: LinearScorer, question: str) -> Answers:
    columns, totals = scorer.look_up(question)
    fed = {"columns": np.array(columns, dtype=np.int64), "totals": np.array(totals, dtype=np.int64)}
    shares, chance = session.run(["probabilities", "in_scope"], fed)
    return shares, chance


_ODD = (
    "",
    " ",
    "?!",
    "\t\n",
    "a",
    "I",
    "🙂",
    "👩‍👩‍👧 family 🏳️‍🌈",
    "Straße ÄÖÜ ẞ İstanbul ﬁn",
    "Ünïcödé é é",
    "Что такое тревога?",
    "何が不安の原因ですか",
    "ما هو القلق؟",
    "चिंता क्या है",
    "불안이란 무엇입니까",
    "τι είναι άγχος ΣΊΣΥΦΟΣ",
    "non breaking\u2003space\u200bzero",
    "don't O'Neil e-mail snake_case 3rd 1,000.5 x²",
    '<b>html</b> &amp; {"json": [1]} \\ / \x00 \x1f',
    "UPPER CASE QUESTION",
    "https://example.org/a?b=c#d user@example.org",
    "word " * 2000,
    "x" * 5000,
)
LEAST = 1000


def parity_questions(own: Sequence[str], least: int = LEAST) -> list[str]:
    """Return odd questions, `own` ones, and mixtures of both until there are `least`; the same each time."""
    draw = random.Random(0)  # noqa: S311  # no secret
    found = list(dict.fromkeys([*_ODD, *own]))
    pool = list(own) or list(_ODD)
    words = sorted({word for text in pool for word in text.split()}) or ["word"]
    while len(found) < least:
        mixed = [*draw.choices(words, k=draw.randint(1, 12)), *draw.choices(_ODD[:21], k=draw.randint(0, 1))]
        draw.shuffle(mixed)
        text = " ".join(mixed)
        found.append(draw.choice([text, text.upper(), text.swapcase(), text.replace(" ", "  "), text[::-1]]))
    return found


PREDICTIONS = "predictions.jsonl"


class _Prediction(Record):
    """A line of predictions.jsonl, of which only the question is read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    question: str


def own_questions(folder: Path) -> list[str]:
    """Return the questions of `predictions.jsonl`; none where a router came without it."""
    path = folder / PREDICTIONS
    return [asked.question for asked in read_records(path, _Prediction)] if path.exists() else []
