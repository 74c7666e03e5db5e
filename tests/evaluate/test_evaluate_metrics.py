"""Pins the text metrics: known values, answer and reference in the right places, any module of the library.

Also: what is named is computed and nothing else, and what cannot be used is refused before any work.
"""

from collections.abc import Sequence
from math import exp
from pathlib import Path

import pytest

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metrics.chosen_metrics import Scorer, load_scorer
from tasks.evaluate.metrics.text_metrics import bleu, exact_match, rouge_l, token_f1
from tasks.kernel.errors import ConfigError
from tasks.records.estimate import Estimate

pytestmark = pytest.mark.slow

MODULE = """\
import datasets
import evaluate


class Brevity(evaluate.Metric):
    def _info(self):
        texts = datasets.Features(dict.fromkeys(("predictions", "references"), datasets.Value("{kind}")))
        return evaluate.MetricInfo(description="", citation="", inputs_description="", features=texts)

    def _compute(self, predictions, references):
        return {result}
"""


def asked(references: Sequence[str]) -> list[Question]:
    return [Question("alpha", str(place), "why?", reference) for place, reference in enumerate(references)]


def scorer(folder: Path, *names: str) -> Scorer:
    config = EvaluateConfig(metrics=names, bootstrap_samples=200)
    return load_scorer(config, {name: Path(name) for name in names if name.endswith(".py")}, folder)


def own(folder: Path, result: str, kind: str = "string") -> str:
    """Write a module of the user's own; return its name in the configuration."""
    path = folder / "brevity.py"
    path.write_text(MODULE.replace("{kind}", kind).replace("{result}", result), encoding="utf-8")
    return str(path)


def test_rouge_l_is_the_f_measure_of_the_longest_common_subsequence() -> None:
    # Subsequence "the cat on mat": 4 of 5 answered words, 4 of 6 wanted ones.
    (score,) = rouge_l(["the cat slept on mat"], ["the cat sat on the mat"])
    assert score == pytest.approx(2 * (4 / 5) * (4 / 6) / (4 / 5 + 4 / 6))


def test_bleu_is_100_for_the_reference_and_falls_by_the_brevity_penalty() -> None:
    reference = "exposure therapy helps most people with panic attacks"
    assert bleu([reference], [reference]) == pytest.approx(100)
    # Every n-gram of the five words is right; three of eight words are missing.
    assert bleu(["exposure therapy helps most people"], [reference]) == pytest.approx(100 * exp(1 - 8 / 5))


@pytest.mark.parametrize(
    ("answer", "exact", "f1"),
    [
        ("The fear, it fades!", 1, 1),
        ("fear fades", 0, 2 * (2 / 2) * (2 / 3) / (2 / 2 + 2 / 3)),
        ("fear fear fear", 0, 1 / 3),
        ("nothing of that", 0, 0),
        ("", 0, 0),
    ],
)
def test_exact_match_and_token_f1_are_squads(answer: str, exact: float, f1: float) -> None:
    reference = ["a fear it fades."]
    assert exact_match([answer], reference) == [exact]
    assert token_f1([answer], reference) == [pytest.approx(f1)]


def test_token_f1_of_a_script_without_spaces_is_that_of_its_words() -> None:
    assert token_f1(["检查皮带"], ["检查主轴"]) == [0.5]
    assert token_f1(["检查皮带。"], ["检查皮带"]) == [1]


def test_two_texts_without_words_agree() -> None:
    assert exact_match(["the"], ["..."]) == token_f1(["the"], ["..."]) == [1]


def test_what_is_named_is_computed_and_nothing_else(tmp_path: Path) -> None:
    texts = ["fear fades", "traits stay"], ["the fear fades", "traits stay"]
    found = scorer(tmp_path, "exact_match", "bleu", "exact_match").scores(texts[0], asked(texts[1]))
    assert set(found) == {"exact_match", "bleu"}
    exact = found["exact_match"]
    assert isinstance(exact, Estimate)
    assert (exact.value, exact.ends) == (1, (1, 1))
    assert found["bleu"] == bleu(*texts)
    assert scorer(tmp_path, "perplexity").scores(texts[0], asked(texts[1])) == {}


@pytest.mark.parametrize(
    ("result", "names"),
    [
        ("dict(brevity=[len(one) for one in predictions])", {"brevity"}),
        ("dict(words=7, rate=0.5, note='none')", {"brevity_words", "brevity_rate"}),
        ("dict(ratio=0.5, precisions=[0.1, 0.2, 0.3, 0.4])", {"brevity"}),
    ],
)
def test_a_module_of_ones_own_is_named_by_its_file(tmp_path: Path, result: str, names: set[str]) -> None:
    answers = ["one", "two", "three", "four"]
    assert set(scorer(tmp_path, own(tmp_path, result)).scores(answers, asked(answers))) == names


def test_a_score_of_each_answer_has_an_interval_and_pairs_with_another_models(tmp_path: Path) -> None:
    made = scorer(tmp_path, own(tmp_path, "dict(size=[len(one) for one in predictions])"))
    ours, theirs = ["aa", "aaaa", "aaa"], ["a", "aaa", "aa"]
    size = made.scores(ours, asked(ours))["brevity"]
    assert isinstance(size, Estimate)
    assert (size.value, size.bounded) == (3, True)
    assert made.gains(ours, theirs, asked(ours))["brevity"] == Estimate(value=1, low=1, high=1)
    assert made.by_answer(ours, asked(ours)) == [{"brevity": 2}, {"brevity": 4}, {"brevity": 3}]


@pytest.mark.parametrize(
    ("result", "kind", "message"),
    [
        ("dict(note='none')", "string", "returns no figure, only note; leave it out"),
        ("dict(accuracy=1.0)", "int32", "compares no answers with reference answers"),
    ],
)
def test_a_module_that_cannot_score_answers_is_refused(
    tmp_path: Path, result: str, kind: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        scorer(tmp_path, own(tmp_path, result, kind))


@pytest.mark.parametrize("names", [("rogue_l",), ("missing.py",)])
def test_a_module_that_is_not_on_this_machine_is_named_with_the_remedy(
    tmp_path: Path, names: Sequence[str]
) -> None:
    with pytest.raises(
        ConfigError, match=f"`metrics`: {names[0]} cannot be loaded .*; write perplexity, rouge_l"
    ):
        scorer(tmp_path, *names)
