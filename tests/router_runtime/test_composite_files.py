"""Pins composite routers in files: what is loaded is what was saved, and nothing nested can be changed."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from scipy.special import log_softmax

from tasks.kernel.errors import DataError
from tasks.route.measure.speed import cost_account
from tasks.router_runtime.composite import CascadeScorer, Handover, HierarchyScorer
from tasks.router_runtime.confidence import Calibration, ScopeModel
from tasks.router_runtime.keywords import KeywordPart, KeywordScorer
from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.ngrams import Ngrams
from tasks.router_runtime.policy_network import PolicyNetwork
from tasks.router_runtime.question_scores import QuestionScores, Scorer
from tasks.router_runtime.router import Router
from tasks.router_runtime.router_files import load_router, save_router

LABELS = ("code", "law", "poetry")
WORDS = ("argument", "clause", "code", "court", "python", "rhyme", "sonnet", "verse")
TEXTS = ["Is a sonnet a court?", "Python code", "verse and clause", "", "rhyme argument rhyme", "court"]
SCOPE = ScopeModel(mean=(0, 1, 0), deviation=(1, 2, 1), weights=(0, 1, 0))


def linear(labels: tuple[str, ...], seed: int) -> Router:
    draw = np.random.default_rng(seed)
    block = Ngrams(analyzer="word", ngram_range=(1, 1), vocabulary=WORDS)
    size = (len(labels), len(WORDS))
    scorer = LinearScorer(
        (block,), draw.normal(size=size), draw.normal(size=len(labels)), np.ones(len(WORDS))
    )
    return Router(labels, scorer, Calibration(scale=1.7), SCOPE)


def network(inputs: int, stages: int) -> PolicyNetwork:
    draw = np.random.default_rng(5)
    shapes = [(inputs,), (inputs,), (inputs, 4), (4,), (4, 3), (3,), (stages,)]
    mean, deviation, *rest = (draw.normal(size=shape) for shape in shapes)
    return PolicyNetwork(mean, np.abs(deviation) + 0.1, *rest)


def cascade() -> Router:
    rules = KeywordPart(rules=(("python",), ("court",), ("rhyme argument",)))
    keywords = Router(LABELS, KeywordScorer(rules), Calibration(scale=5.0))
    stages = (keywords, linear(LABELS, 1), linear(LABELS, 2))
    scorer = CascadeScorer(LABELS, stages, Handover((0.9, 0.93), network(9, 3)), ("a", "b", "c+network"))
    return Router(LABELS, scorer, Calibration(scale=0.8), SCOPE, notes={"made": "by hand"})


def hierarchy() -> Router:
    fine = (linear(("law",), 1), linear(("code", "poetry"), 2))
    return Router(LABELS, HierarchyScorer(LABELS, linear(("civil", "written"), 3), fine))


ROUTERS = {"cascade": cascade, "hierarchical": hierarchy}


def saved(kind: str, folder: Path) -> Router:
    router = ROUTERS[kind]()
    save_router(router, kind, {}, folder)
    return router


@pytest.mark.parametrize("kind", ROUTERS)
def test_what_is_loaded_predicts_bit_by_bit_what_was_saved(tmp_path, kind) -> None:
    router, again = saved(kind, tmp_path), load_router(tmp_path)
    np.testing.assert_array_equal(again.predict(TEXTS)[1], router.predict(TEXTS)[1])
    assert again.decide(TEXTS) == router.decide(TEXTS)
    assert again.notes == router.notes


@pytest.mark.parametrize("kind", ROUTERS)
def test_every_file_is_under_the_one_list_of_digests(tmp_path, kind) -> None:
    saved(kind, tmp_path)
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    stored = json.loads((tmp_path / "router.json").read_text())
    assert files == {*stored["files"], "router.json"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("cascade", "stage-1/weights.npz"),
        ("cascade", "network.npz"),
        ("hierarchical", "coarse/weights.npz"),
        ("hierarchical", "fine-1/weights.npz"),
    ],
)
@pytest.mark.parametrize("damage", ["missing", "cut", "swapped"])
def test_a_changed_nested_file_is_refused(tmp_path, kind, name, damage) -> None:
    saved(kind, tmp_path)
    path = tmp_path / name
    match damage:
        case "missing":
            path.unlink()
        case "cut":
            path.write_bytes(path.read_bytes()[:-1])
        case "swapped":
            other = next(one for one in sorted(tmp_path.rglob("weights.npz")) if one != path)
            path.write_bytes(other.read_bytes())
    with pytest.raises(DataError, match=rf"{name}: .*; run the route stage again"):
        load_router(tmp_path)


def forge(folder: Path, change) -> None:
    """Change router.json and give it the digest of the changed content."""
    stored = json.loads((folder / "router.json").read_text())
    change(stored)
    del stored["sha256"]
    stored["sha256"] = sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()
    (folder / "router.json").write_text(json.dumps(stored))


@pytest.mark.parametrize(
    "name", ["../weights.npz", "/etc/passwd", "stage-1//x", ".hidden", "a\\b", "stage-1/.."]
)
def test_odd_file_names_are_refused(tmp_path, name) -> None:
    saved("cascade", tmp_path)
    forge(tmp_path, lambda stored: stored["files"].update({name: "0" * 64}))
    with pytest.raises(DataError, match=r"router\.json: files\..*should match pattern"):
        load_router(tmp_path)


def more_thresholds(stored) -> None:
    stored["router"]["scorer"]["thresholds"].append(0.5)


def other_labels(stored) -> None:
    stored["router"]["scorer"]["stages"][0]["labels"] = ["code", "poetry", "law"]


def fewer_rules(stored) -> None:
    stored["router"]["scorer"]["stages"][0]["scorer"]["rules"].pop()


def wider_network(stored) -> None:
    stored["router"]["scorer"]["network"]["width"] = 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (more_thresholds, "give every stage a name, and all but the last a threshold"),
        (other_labels, "a stage's labels are not the cascade's"),
        (fewer_rules, "2 lists of keywords for 3 labels"),
        (wider_network, "mean has shape"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(tmp_path, change, message) -> None:
    saved("cascade", tmp_path)
    forge(tmp_path, change)
    with pytest.raises(DataError, match=message):
        load_router(tmp_path)


def test_groups_that_do_not_hold_every_label_are_refused(tmp_path) -> None:
    saved("hierarchical", tmp_path)
    forge(tmp_path, lambda stored: stored["router"]["scorer"]["fine"].pop())
    with pytest.raises(DataError, match="give every group of the coarse router one fine router"):
        load_router(tmp_path)
    saved("hierarchical", tmp_path)
    forge(tmp_path, lambda stored: stored["router"].update(labels=["code", "law", "music"]))
    with pytest.raises(DataError, match="the groups' labels are not the hierarchy's"):
        load_router(tmp_path)


def test_the_network_is_the_formula_it_claims_to_be() -> None:
    router = cascade()
    assert isinstance(router.scorer, CascadeScorer)
    end = router.scorer.handover.network
    assert end is not None
    logs = [np.log(stage.predict(TEXTS)[1]) for stage in router.scorer.stages]
    inputs = (np.hstack(logs) - end.mean) / end.deviation
    hidden = np.clip(inputs @ end.inner + end.inner_bias, 0, None) @ end.outer + end.outer_bias
    wanted = log_softmax(np.tensordot(end.trust, logs, 1) + hidden, axis=1)
    found = CascadeScorer(LABELS, router.scorer.stages, Handover((1, 1), end), ("", "", "")).score(TEXTS)
    shares = Router(LABELS, router.scorer).calibration.probabilities(found.scores)
    np.testing.assert_allclose(np.log(shares), wanted, rtol=0, atol=1e-9)


def test_the_account_of_a_cascade_adds_up() -> None:
    router = cascade()
    account = cost_account(router, TEXTS * 5)
    assert [stage.name for stage in account.stages] == ["a", "b", "c+network"]
    assert sum(stage.questions for stage in account.stages) == 30
    assert sum(stage.share for stage in account.stages) == pytest.approx(1)
    assert sum(stage.share * stage.mean_ms for stage in account.stages) == pytest.approx(account.mean_ms)
    stages = router.scorer.score(TEXTS * 5).stages
    assert [stage.questions for stage in account.stages] == np.bincount(stages, minlength=3).tolist()
    assert min(stage.questions for stage in account.stages) > 0


def test_the_account_of_another_router_has_one_line() -> None:
    account = cost_account(hierarchy(), TEXTS)
    assert [(stage.name, stage.share) for stage in account.stages] == [("", 1.0)]
    assert account.stages[0].mean_ms == pytest.approx(account.mean_ms)
    with pytest.raises(ValueError, match="give at least one"):
        cost_account(hierarchy(), [])


class Unknown:
    """A scorer without a form of file."""

    stage_names = ("",)

    def score(self, questions) -> QuestionScores:
        """Know nothing."""
        return QuestionScores.of(np.zeros((len(questions), 2)))


def test_a_scorer_without_a_form_of_file_is_refused(tmp_path) -> None:
    scorer: Scorer = Unknown()
    with pytest.raises(TypeError, match="Unknown: no form of file for it"):
        save_router(Router(("a", "b"), scorer), "unknown", {}, tmp_path)
