"""Reference reader of an exported TF-IDF router: a question in, its expert out.

It needs Python alone, and is short so that it can be written again in Kotlin or Swift.
    python read_router.py FOLDER "a question"        without one: JSON strings from standard input, one a line
"""

import json
import math
import re
import sys
from array import array
from base64 import b64decode
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

Numbers = list[float]
Part = dict[str, Any]


class LinearReader:
    """Scores and signs by the `linear` form of router.json."""

    def __init__(self, part: Part) -> None:
        self.blocks, self.intercept = part["blocks"], part["intercept"]
        self.places = [{gram: place for place, gram in enumerate(one["ngrams"])} for one in self.blocks]
        self.idf = [numbers("f", one["idf"]) for one in self.blocks]
        code = "h" if part["precision"] == "int16" else "f"
        self.weights = [numbers(code, one["weights"]) for one in self.blocks]
        self.steps = [numbers("f", one["steps"]) if "steps" in one else [] for one in self.blocks]

    def score(self, question: str) -> tuple[Numbers, Numbers]:
        """Return the score of each label, and the signs of being in scope."""
        sums, signs = [0.0] * len(self.intercept), []
        columns = zip(self.blocks, self.places, self.idf, self.weights, self.steps, strict=True)
        for block, places, idf, weights, steps in columns:
            grams = words(question, block) if block["analyzer"] == "word" else characters(question, block)
            counts = Counter(places[gram] for gram in grams if gram in places)
            signs.append(sum(counts.values()) / max(1, len(grams)))
            tf = {place: 1 + math.log(n) if block["sublinear"] else n for place, n in counts.items()}
            length = math.sqrt(sum((one * idf[place]) ** 2 for place, one in tf.items()))
            for place, one in tf.items():
                share = one * idf[place] / length * (steps[place] if steps else 1)
                for label in range(len(sums)):
                    sums[label] += share * weights[place * len(sums) + label]
        return [one + extra for one, extra in zip(sums, self.intercept, strict=True)], signs


def numbers(code: str, text: str) -> "array[float]":
    """Return little-endian 32-bit floats or 16-bit integers that are written as Base64."""
    found: array[float] = array(code, b64decode(text))
    if sys.byteorder == "big":
        found.byteswap()
    return found


def words(question: str, block: Part) -> list[str]:
    """Return runs of words."""
    found = re.findall(r"\b\w+\b" if block["min_letters"] == 1 else r"\b\w\w+\b", question.lower())
    sizes = range(block["shortest"], block["longest"] + 1)
    return [" ".join(found[at : at + size]) for size in sizes for at in range(len(found) - size + 1)]


def characters(question: str, block: Part) -> list[str]:
    """Return runs of characters inside words, with a space at either end of a word."""
    grams: list[str] = []
    for word in question.lower().split():
        padded = f" {word} "
        sizes = range(block["shortest"], min(block["longest"], len(padded)) + 1)
        inside = [padded[at : at + size] for size in sizes for at in range(len(padded) - size + 1)]
        grams += inside or [padded]
    return grams


def softmax(scores: Numbers) -> Numbers:
    """Return shares that add up to 1."""
    powers = [math.exp(one - max(scores)) for one in scores]
    return [one / sum(powers) for one in powers]


def probabilities(scores: Numbers, calibration: Part) -> Numbers:
    """Return calibrated probabilities; the best label stays the best."""
    shares = softmax([calibration["scale"] * one for one in scores])
    if not calibration["knots"] or len(shares) == 1:
        return shares
    best = shares.index(max(shares))
    scaled = [calibration["scale"] * one for one in scores]
    others = softmax([one if at != best else -math.inf for at, one in enumerate(scaled)])
    least = max(others) / (1 + max(others)) + calibration["ahead"]
    wanted = max(between(shares[best], calibration["knots"]), least)
    return [wanted if at == best else one * (1 - wanted) for at, one in enumerate(others)]


def between(value: float, knots: list[Numbers]) -> float:
    """Return what is linear between the knots, level outside of them."""
    for (left, low), (right, high) in pairwise(knots):
        if value < right:
            return low + (high - low) * max(0.0, value - left) / (right - left)
    return knots[-1][1] if value >= knots[0][0] else knots[0][1]


def in_scope(scores: Numbers, signs: Numbers, scale: float, scope: Part | None) -> float:
    """Return the chance that the question belongs to any label."""
    if scope is None:
        return 1.0
    scores, best = [scale * one for one in scores], scale * max(scores)
    energy = best + math.log(sum(math.exp(one - best) for one in scores))
    top = [best, energy, best - sorted(scores)[-2]] if len(scores) > 1 else [0.0] * 3
    rows = zip([*top, *signs], scope["mean"], scope["deviation"], scope["weights"], strict=False)
    total: float = scope["intercept"] + sum(
        (sign - mean) / wide * weight for sign, mean, wide, weight in rows
    )
    return 1 / (1 + math.exp(-max(-700.0, min(700.0, total))))


def decide(part: Part, shares: Numbers, scope: float) -> tuple[str, list[tuple[str, float]]]:
    """Return `expert`, `generalist` or `refused`, and the most probable labels with their probabilities."""
    policy = part["policy"]
    ranked = sorted(zip(part["labels"], shares, strict=True), key=lambda pair: -pair[1])
    outcome = policy["unsure"] if ranked[0][1] < policy["min_confidence"] else "expert"
    return policy["out_of_scope"] if scope < policy["min_scope"] else outcome, ranked[: policy["top_k"]]


def answer(part: Part, scores: Numbers, signs: Numbers) -> Part:
    """Return who answers, and how sure that is."""
    shares = probabilities(scores, part["calibration"])
    chance = in_scope(scores, signs, part["calibration"]["scale"], part["scope"])
    outcome, experts = decide(part, shares, chance)
    return {"outcome": outcome, "experts": experts, "probabilities": shares, "in_scope": chance}


if __name__ == "__main__":
    part = json.loads((Path(sys.argv[1]) / "router.json").read_text(encoding="utf-8"))
    reader = LinearReader(part)
    for question in sys.argv[2:] or map(json.loads, sys.stdin):
        sys.stdout.write(json.dumps(answer(part, *reader.score(question))) + "\n")
