"""Pins what a router learns from besides questions, and that no held-out passage is among it."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError
from told_library import SUBJECTS, TEST, TRAIN, marking, run_told, sentences, write_told

from tasks.kernel.artifacts import Corpus, QADataset
from tasks.kernel.workspace import domain_inputs
from tasks.route.compare_config import ComparedRoutes
from tasks.route.config import RouteConfig, described
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.material.further_text import source_text
from tasks.route.material.sources import Source
from tasks.route.material.teaching import material
from tasks.route.measure.labelled_questions import Questions, read_questions
from tasks.route.task import compare_routers, train_router
from tasks.router_runtime.router_files import load_router

DESCRIPTIONS = {"baking": "Bread and cakes", "sailing": "Boats under sail"}
OF_TRAINING = {text for domain in SUBJECTS for place in range(4) for text in sentences(domain, place)}
Rows = list[dict[str, object]]


def taught(tmp_path: Path, inputs: dict[str, Path], **fields: object) -> Questions:
    folders = domain_inputs(inputs, "qa")
    sides = {split: read_questions(folders, split) for split in ("train", "validation", "test")}
    config = marking(ambiguous="unmarked", **fields)
    return material(sides, inputs, config, Resources({}, tmp_path)).taught


def text_of(found: Questions) -> set[str]:
    return {text for text, use in zip(found.texts, found.uses, strict=True) if use == "fitted"}


def changed(inputs: dict[str, Path], domain: str, change: Callable[[Rows], None]) -> None:
    """Change the passages of a domain."""
    path = inputs[f"corpus/{domain}"] / "passages.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    change(rows)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def adding(text: str) -> Callable[[Rows], None]:
    return lambda rows: rows[TRAIN].update(text=f"{rows[TRAIN]['text']}\n\n{text}")


def test_sentences_of_training_passages_teach_and_stay_with_their_questions(tmp_path: Path) -> None:
    found = taught(tmp_path, write_told(tmp_path / "library"), further_text=["passages"])
    assert text_of(found) == OF_TRAINING
    groups: dict[str, set[tuple[str, str]]] = {}
    for text, group, use in zip(found.texts, found.groups, found.uses, strict=True):
        groups.setdefault(text, set()).add((group, use))
    for text in OF_TRAINING:
        assert len({group for group, _ in groups[text]}) == 1
        assert {use for _, use in groups[text]} == {"both", "fitted"}


def test_nothing_that_a_held_out_passage_says_is_taught(tmp_path: Path) -> None:
    inputs = write_told(tmp_path / "library")
    held_out = sentences("baking", TEST)[2]
    changed(inputs, "baking", adding(f"{held_out}\n\nAnd {held_out}"))
    # A passage that no question was kept of stands on no side.
    alone = {"id": "baking-9", "text": "Nobody asks about the colour of flour sacks."}
    changed(inputs, "baking", lambda rows: rows.append(rows[TRAIN] | alone))
    assert text_of(taught(tmp_path, inputs, further_text=["passages"])) == OF_TRAINING


@pytest.mark.parametrize("seed", range(5))
def test_no_taught_sentence_is_near_a_held_out_one(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311  # a sample, no secret
    words = [f"w{number}" for number in range(14)]
    sources = [
        Source(
            draw.choice("ab"),
            f"p{number}",
            draw.choice(["train", "train", "test", "validation", None]),
            ". ".join(" ".join(draw.sample(words, draw.randint(5, 9))).capitalize() for _ in range(3)) + ".",
            is_passage=True,
        )
        for number in range(60)
    ]
    found = source_text(sources, sources, {one.origin: one.origin for one in sources})
    assert found.texts
    held_out = [words_of(one) for source in sources if source.split != "train" for one in source.sentences()]
    for mine in map(words_of, found.texts):
        assert max(len(mine & other) / len(mine | other) for other in held_out) < 0.8


def words_of(text: str) -> set[str]:
    return set(text.lower().strip(".").split())


def test_what_two_domains_say_teaches_neither(tmp_path: Path) -> None:
    inputs = write_told(tmp_path / "library")
    for domain in SUBJECTS:
        changed(inputs, domain, adding("Ask a doctor before you change a medicine."))
    assert text_of(taught(tmp_path, inputs, further_text=["passages"])) == OF_TRAINING


def test_what_a_passage_repeats_of_the_one_before_is_not_its_own(tmp_path: Path) -> None:
    inputs = write_told(tmp_path / "library")
    repeated = "What went before is repeated in here. "
    changed(
        inputs,
        "baking",
        lambda rows: rows[TRAIN].update(text=f"{repeated}{rows[TRAIN]['text']}", overlap_chars=len(repeated)),
    )
    assert text_of(taught(tmp_path, inputs, further_text=["passages"])) == OF_TRAINING


def test_answers_teach_where_there_are_no_passages(tmp_path: Path) -> None:
    inputs = write_told(tmp_path / "library", passages=False)
    assert text_of(taught(tmp_path, inputs, further_text=["answers"])) == OF_TRAINING
    assert text_of(taught(tmp_path, inputs, further_text=["passages"])) == set()


def test_descriptions_teach_and_come_from_the_domains(tmp_path: Path) -> None:
    inputs = write_told(tmp_path / "library")
    found = taught(tmp_path, inputs, further_text=["descriptions"], descriptions={"baking": "Bread"})
    assert text_of(found) == {"Bread"}
    route = RouteConfig(further_text=("descriptions",), descriptions={"baking": "Bread"})
    assert described(route, DESCRIPTIONS).descriptions == {**DESCRIPTIONS, "baking": "Bread"}
    silent = RouteConfig(further_text=())
    assert described(silent, DESCRIPTIONS) == silent
    with pytest.raises(ValidationError, match="further_text"):
        RouteConfig.model_validate({"further_text": ["questions"]})


def test_the_stage_learns_words_that_no_question_has(tmp_path: Path) -> None:
    inputs = write_told(tmp_path / "library")
    changed(inputs, "sailing", adding("A spinnaker is the largest of all spinnaker sails."))
    sure = {}
    for name, further in (("questions", []), ("passages", ["passages"])):
        config = marking(ambiguous="unmarked", further_text=further)
        metrics = run_told(tmp_path / name, inputs, config)
        router = load_router(tmp_path / name / "out")
        sure[name] = float(router.predict(["spinnaker"])[1][0, router.labels.index("sailing")])
        assert metrics["questions"] == 8
    assert sure["passages"] > sure["questions"]


def test_corpora_are_inputs_only_where_something_is_read_of_them() -> None:
    data, corpora = {"a": QADataset(digest="1" * 64)}, {"a": Corpus(digest="2" * 64)}
    plain = RouteConfig(ambiguous="unmarked", further_text=())
    for route, names in (
        (plain, {"qa/a"}),
        (plain.model_copy(update={"ambiguous": "kept"}), {"qa/a", "corpus/a"}),
        (plain.model_copy(update={"further_text": ("passages",)}), {"qa/a", "corpus/a"}),
        (plain.model_copy(update={"further_text": ("answers",)}), {"qa/a", "corpus/a"}),
        (plain.model_copy(update={"further_text": ("descriptions",)}), {"qa/a"}),
    ):
        assert set(train_router.describe(data, route, None, corpora).artifacts) == names
        compared = compare_routers.describe(data, ComparedRoutes(routes=(route,)), None, corpora)
        assert set(compared.artifacts) == names
        assert len(compared.models) == (0 if route.ambiguous == "unmarked" else 1)


def test_passages_teach_by_default_and_change_nothing_of_ready_made_data(tmp_path: Path) -> None:
    assert RouteConfig().further_text == ("passages",)
    assert (
        text_of(taught(tmp_path, write_told(tmp_path / "library", passages=False), further_text=["passages"]))
        == set()
    )
