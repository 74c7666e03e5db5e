"""Reference reader of every exported router: a folder and a question in, its expert out.

It stands beside `read_router.py`, which reads the TF-IDF form. A neural part needs onnxruntime and the
tokenizer; keywords, cascades and hierarchies need Python alone.
    python read_parts.py FOLDER "a question"        without one: JSON strings from standard input, one a line
"""

import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from tasks.router_runtime.phone.read_router import LinearReader, Numbers, Part, answer, softmax
else:
    from read_router import LinearReader, Numbers, Part, answer, softmax

Scored = tuple[Numbers, Numbers, Numbers]
"""Scores of the labels, signs of being in scope, and an embedding, which only neural parts have."""
LEAST = 1e-12


class RouterReader:
    """A router in a folder, whatever its form."""

    def __init__(self, folder: Path) -> None:
        self.part: Part = json.loads((folder / "router.json").read_text(encoding="utf-8"))
        form = FORMS[self.part["form"]](self.part, folder)
        self.score: Callable[[str], Scored] = form.score

    def evidence(self, question: str) -> tuple[Numbers, float, Numbers]:
        """Return log-probabilities, log-odds of being in scope (0: unknown) and the embedding."""
        scores, signs, embedding = self.score(question)
        found = answer(self.part, scores, signs)
        chance = min(max(found["in_scope"], LEAST), 1 - LEAST)
        odds = math.log(chance / (1 - chance)) if self.part["scope"] else 0.0
        return [math.log(max(one, LEAST)) for one in found["probabilities"]], odds, embedding


class Linear:
    """The form that `read_router.py` reads."""

    def __init__(self, part: Part, _: Path) -> None:
        self.reader = LinearReader(part)

    def score(self, question: str) -> Scored:
        """Return scores, signs and embedding."""
        return (*self.reader.score(question), [])


class Neural:
    """Token ids in, scores and an embedding out, by the graph; the sign is the nearest centroid's cosine."""

    def __init__(self, part: Part, folder: Path) -> None:
        from numpy import array, int64
        from onnxruntime import InferenceSession
        from tokenizers import Tokenizer

        self.centroids = part["centroids"]
        self.row: Callable[[list[int]], Any] = lambda numbers: array([numbers], dtype=int64)
        self.session = InferenceSession(str(folder / part["model"]))
        self.tokenizer = Tokenizer.from_file(str(folder / part["tokenizer"]))
        self.tokenizer.enable_truncation(part["max_length"])
        self.tokenizer.no_padding()

    def score(self, question: str) -> Scored:
        """Return scores, signs and embedding."""
        found = self.tokenizer.encode(question).ids
        # A question without tokens is one token that is not attended to.
        ids, mask = self.row(found or [0]), self.row([1] * len(found) or [0])
        fed = {"input_ids": ids, "attention_mask": mask}
        embedding, scores = (one[0].tolist() for one in self.session.run(["embedding", "scores"], fed))
        return scores, [max(dot(embedding, one) for one in self.centroids)], embedding


class Keywords:
    """The label whose words or phrases occur scores 1, if it is one alone."""

    def __init__(self, part: Part, _: Path) -> None:
        self.rules = part["rules"]

    def score(self, question: str) -> Scored:
        """Return scores, signs and embedding."""
        text = " ".join(["", *re.findall(r"\w+", question.casefold()), ""])
        hit = [any(f" {phrase} " in text for phrase in phrases) for phrases in self.rules]
        scores = [float(one and sum(hit) == 1) for one in hit]
        return scores, [max(scores)], []


class Cascade:
    """The first stage that is sure answers; after the last one the policy network, where there is one."""

    def __init__(self, part: Part, folder: Path) -> None:
        self.stages = [RouterReader(folder / name) for name in part["stages"]]
        self.thresholds, self.network = [*part["thresholds"], 0.0], part["network"]

    def score(self, question: str) -> Scored:
        """Return scores, signs and embedding."""
        given: list[tuple[Numbers, float, Numbers]] = []
        for stage, threshold in zip(self.stages, self.thresholds, strict=True):
            given.append(stage.evidence(question))
            if math.exp(max(given[-1][0])) >= threshold and threshold < 1:
                break
        found, odds, _ = given[-1]
        if self.network and len(given) == len(self.stages):
            found = self.network_answer(given, self.network)
        return [one + odds for one in found], [], []

    def network_answer(self, given: list[tuple[Numbers, float, Numbers]], network: dict[str, Any]) -> Numbers:
        """Return the network's log-probabilities."""
        inputs = given[-1][2] + [one for logs, _, _ in given for one in logs]
        rows = zip(inputs, network["mean"], network["deviation"], strict=True)
        inputs = [(value - mean) / deviation for value, mean, deviation in rows]
        hidden = [max(0.0, one) for one in times(inputs, network["inner"], network["inner_bias"])]
        found = times(hidden, network["outer"], network["outer_bias"])
        for trust, (logs, _, _) in zip(network["trust"], given, strict=True):
            found = [one + trust * log for one, log in zip(found, logs, strict=True)]
        return [math.log(max(one, 1e-300)) for one in softmax(found)]


class Hierarchy:
    """The logarithm of P(group) * P(label | group)."""

    def __init__(self, part: Part, folder: Path) -> None:
        self.labels = part["labels"]
        self.coarse = RouterReader(folder / part["coarse"])
        self.fine = [RouterReader(folder / name) for name in part["fine"]]

    def score(self, question: str) -> Scored:
        """Return scores, signs and embedding."""
        groups, odds, _ = self.coarse.evidence(question)
        found = {}
        for group, reader in zip(groups, self.fine, strict=True):
            logs = reader.evidence(question)[0]
            found.update({label: group + log for label, log in zip(reader.part["labels"], logs, strict=True)})
        return [found[label] + odds for label in self.labels], [], []


FORMS: dict[str, Any] = {
    "linear": Linear,
    "neural": Neural,
    "keywords": Keywords,
    "cascade": Cascade,
    "hierarchy": Hierarchy,
}


def dot(left: Numbers, right: Numbers) -> float:
    """Return the sum of the products."""
    return float(sum(one * other for one, other in zip(left, right, strict=True)))


def times(inputs: Numbers, matrix: list[Numbers], bias: Numbers) -> Numbers:
    """Return inputs times the matrix, whose rows belong to inputs, plus the bias."""
    return [
        dot(inputs, list(column)) + extra
        for column, extra in zip(zip(*matrix, strict=True), bias, strict=True)
    ]


if __name__ == "__main__":
    reader = RouterReader(Path(sys.argv[1]))
    for question in sys.argv[2:] or map(json.loads, sys.stdin):
        scores, signs, _ = reader.score(question)
        sys.stdout.write(json.dumps(answer(reader.part, scores, signs)) + "\n")
