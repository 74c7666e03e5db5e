"""Pins the comparison of routers on files.

One row a kind on the same questions, leaks counted and left out, questions of no domain told apart, and bad
files named by line.
"""

import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from tasks.kernel.errors import ConfigError, DataError
from tasks.kernel.settings import PROJECT
from tasks.kernel.workspace import Workspace, silent
from tasks.models.sources import TinyEncoder
from tasks.records.router_comparison import Compared, read_comparison
from tasks.route.compare.question_files import read_labelled
from tasks.route.compare.run import run
from tasks.route.compare.side_by_side import compare_routers
from tasks.route.compare_config import CompareConfig, ComparedRoutes, routes_of
from tasks.route.config import RouteConfig
from tasks.route.encoder.encoder_folders import encoder_folders
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.single_config import SemanticRouter, TfidfReferenceRouter, TfidfRouter
from tasks.router_runtime.router_files import load_router

TOPICS = {
    "baking": ["sourdough", "a rye loaf", "puff pastry", "yeast", "an oven stone"],
    "sailing": ["a jib", "the mainsail", "a reef knot", "the tiller", "a headwind"],
}
FORMS = [
    "How do I handle {}?",
    "What is {} good for?",
    "When is {} too much?",
    "Tell me all there is to know about how one can handle {}.",
]
ELSEWHERE = [
    f"{ask} {thing}?"
    for ask in ("Who won", "Where is", "Whose is")
    for thing in ["the vote", "a tram", "my tax", "his coat"]
]


def write(path: Path, forms: list[str], outside: list[str] | None = None) -> Path:
    rows = [
        {"question": form.replace("{}", word), "domain": domain, "id": 7}
        for form, (domain, words) in product(forms, TOPICS.items())
        for word in words
    ]
    rows += [{"question": question, "domain": "oos"} for question in outside or []]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "train.jsonl", FORMS[:3]), write(tmp_path / "test.jsonl", FORMS[2:])


def compared(files: tuple[Path, Path], out: Path, kinds: str = "tfidf") -> list[Compared]:
    """Run the stage on two files."""
    routes = routes_of(CompareConfig(), RouteConfig(max_false_rejections=0.04), kinds)
    inputs = {"questions/train": files[0], "questions/test": files[1]}
    for folder in (out, scratch := out.with_name("scratch")):
        folder.mkdir()
    run(inputs, ComparedRoutes(routes=routes, out_of_scope_domain="oos"), Workspace(out, scratch, silent))
    return read_comparison(out)


@pytest.mark.slow
def test_every_kind_is_measured_on_the_same_questions(files: tuple[Path, Path], tmp_path: Path) -> None:
    rows = compared(files, tmp_path / "out", "tfidf-reference,tfidf")
    assert [row.kind for row in rows] == ["tfidf-reference", "tfidf"]
    for row in rows:
        assert row.questions == 20
        assert row.accuracy > 0.9
        assert 0 <= row.ece <= 1
        assert row.macro_f1 > 0.9
        assert 0 < row.p50_ms <= row.p95_ms
        assert min(row.file_bytes, row.train_seconds, row.queries_per_second) > 0
        assert 10**7 < row.peak_memory_bytes < 10**9
        assert row.out_of_scope is None


@pytest.mark.slow
def test_repeated_questions_count_in_one_accuracy_and_not_in_the_other(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    (row,) = compared(files, tmp_path / "out")
    assert (row.repeated_questions, row.near_questions, row.leak_free_questions) == (10, 0, 10)
    assert row.leak_free_accuracy == pytest.approx(2 * row.accuracy - 1)


def test_nearly_repeated_questions_are_no_leak_free_ones(tmp_path: Path) -> None:
    near = "Tell me all there is to know of how one can handle {}."
    sides = write(tmp_path / "train.jsonl", FORMS), write(tmp_path / "test.jsonl", [near])
    (row,) = compared(sides, tmp_path / "out")
    assert (row.repeated_questions, row.near_questions) == (0, 10)
    assert row.leak_free_accuracy is None


@pytest.mark.slow
def test_questions_of_no_domain_train_and_measure_the_scope(tmp_path: Path) -> None:
    sides = (
        write(tmp_path / "train.jsonl", FORMS[:3], ELSEWHERE[:10]),
        write(tmp_path / "test.jsonl", FORMS[1:3], ELSEWHERE[10:]),
    )
    (row,) = compared(sides, tmp_path / "out")
    assert row.questions == 20
    assert row.out_of_scope is not None
    assert row.out_of_scope.questions == 2
    assert row.out_of_scope.auroc > 0.9
    router = load_router(tmp_path / "out" / "routers" / "tfidf")
    assert router.labels == ("baking", "sailing")
    assert router.scope is not None


@pytest.mark.slow
def test_routers_of_files_are_kept_and_answer_as_measured(files: tuple[Path, Path], tmp_path: Path) -> None:
    (row,) = compared(files, tmp_path / "out")
    test = read_labelled(files[1]).questions
    predicted, _ = load_router(tmp_path / "out" / "routers" / "tfidf").predict(test.texts)
    assert sum(map(str.__eq__, predicted, test.labels)) / len(predicted) == row.accuracy


def test_a_folder_with_files_in_it_is_left_alone(files: tuple[Path, Path], tmp_path: Path) -> None:
    command = [
        "compare-routers",
        "--train",
        str(files[0]),
        "--test",
        str(files[1]),
        "--folder",
        str(tmp_path),
    ]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 2
    assert f"{tmp_path}: not empty" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["--train", "a"], ["smoke.yaml", "--test", "a"]])
def test_a_configuration_or_both_files_are_needed(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, ["compare-routers", *arguments])
    assert done.exit_code == 2
    assert "give either a CONFIG, or both --train and --test" in done.stderr


def test_a_configured_router_is_compared_with_its_own_settings() -> None:
    written = CompareConfig(candidates=(TfidfRouter(C=(2.0,)), TfidfRouter(C=(4.0,))))
    routes = routes_of(written, RouteConfig(seed=3), "tfidf,tfidf-reference")
    assert [route.router for route in routes] == [*written.candidates, TfidfRouter(), TfidfReferenceRouter()]
    assert {route.seed for route in routes} == {3}


def test_without_candidates_the_usual_kinds_are_compared_and_the_configured_router() -> None:
    own = SemanticRouter(model=TinyEncoder())
    routes = routes_of(CompareConfig(), RouteConfig(router=own))
    assert [route.router.kind for route in routes] == [
        "tfidf-reference",
        "tfidf",
        "semantic",
        "encoder",
        "cascade",
    ]
    assert routes[2].router == own


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("oracle", "oracle: no such router; choose among tfidf"),
        ("hierarchical", "hierarchical: groups: Field"),
    ],
)
def test_kinds_that_cannot_be_compared_are_refused_by_name(kind: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        routes_of(CompareConfig(), RouteConfig(), f"tfidf,{kind}")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"bad\.jsonl:2: not JSON"),
        ('{"question": "Why?"}', r"bad\.jsonl:2: domain: Field required"),
        ('{"question": " ", "domain": "a"}', r"bad\.jsonl:2: question: "),
        ('["Why?"]', r"bad\.jsonl:2: line: "),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(f'{{"question": "Why?", "domain": "a"}}\n{line}\n')
    with pytest.raises(DataError, match=message):
        read_labelled(path)


def test_a_file_without_questions_of_a_domain_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "outside.jsonl"
    path.write_text('{"question": "Why?", "domain": "oos"}\n')
    with pytest.raises(DataError, match=r"outside\.jsonl: no questions of a domain"):
        read_labelled(path, "oos")


def test_domains_that_only_the_test_file_has_are_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"question": "How deep is a mine?", "domain": "mining"}\n')
    sides = read_labelled(files[0]), read_labelled(other)
    with pytest.raises(DataError, match="domain mining: in the test file"):
        compare_routers(*sides, [RouteConfig()], Resources({}, tmp_path), tmp_path / "routers")


NO_TORCH = """
import sys
from pathlib import Path
from tasks.kernel.workspace import Workspace, silent
from tasks.route.compare.run import run
from tasks.route.compare_config import CompareConfig, ComparedRoutes, routes_of
from tasks.route.config import RouteConfig
train, test, out = map(Path, sys.argv[1:])
config = ComparedRoutes(routes=routes_of(CompareConfig(), RouteConfig(), "tfidf"))
run({"questions/train": train, "questions/test": test}, config, Workspace(out, out, silent))
sys.exit("torch" in sys.modules)
"""


@pytest.mark.slow
def test_kinds_without_an_encoder_need_no_torch(files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-c", NO_TORCH, *map(str, files), str(out)]
    subprocess.run(command, cwd=PROJECT, check=True)


@pytest.mark.slow
def test_an_encoder_is_compared_beside_the_others(files: tuple[Path, Path], tmp_path: Path) -> None:
    model = TinyEncoder()
    routes = [RouteConfig(router=SemanticRouter(model=model)), RouteConfig(), RouteConfig()]
    resources = Resources(encoder_folders(routes[0].router), tmp_path / "scratch")
    sides = read_labelled(files[0]), read_labelled(files[1])
    rows = compare_routers(*sides, routes, resources, tmp_path / "routers")
    assert [row.name for row in rows] == ["semantic", "tfidf", "tfidf-2"]
    assert rows[0].file_bytes > 0
    assert rows[1].accuracy == rows[2].accuracy
    assert rows[2].verdict != "worse"
