"""Pins the neural kinds: what ships says what was fitted, alone or in a batch, and says it twice the same.

Also: held-out scores are of questions that were left out, a killed training goes on, and bad input
ends in one error that names it.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from transformers import DistilBertConfig, DistilBertModel

from tasks.kernel.errors import DataError, ModelError
from tasks.kernel.workspace import Progress, silent
from tasks.models.loading import load_tokenizer
from tasks.models.sources import FolderModel, TinyEncoder
from tasks.route.config import RouteConfig
from tasks.route.encoder.encoder_folders import encoder_folders, given_encoders
from tasks.route.encoder.encoder_router import fit_encoder, sides_of
from tasks.route.encoder.fine_tuning import fine_tune
from tasks.route.encoder.onnx_export import at_precision, export_graph, with_head
from tasks.route.encoder.pooling import SCALE, PooledEncoder, read_encoder
from tasks.route.kinds.semantic import fit_semantic
from tasks.route.kinds.uncalibrated import Resources, UncalibratedRouter
from tasks.route.measure.labelled_questions import Questions
from tasks.route.single_config import EncoderRouter, SemanticRouter
from tasks.route.task import train_router
from tasks.router_runtime.neural import NeuralScorer, session_of
from tasks.router_runtime.router import Router
from tasks.router_runtime.router_files import load_router, save_router

pytestmark = pytest.mark.slow

TINY = TinyEncoder()
SHAPES = {"cooking": "zzz qqq {} zz", "gardens": "MMM {} AAA", "numbers": "1234 {} 5678 99 11 22"}
DESCRIPTIONS = {"cooking": "zzz qqq zz", "gardens": "MMM AAA", "numbers": "1234 5678 99 11 22"}
EPOCHS = EncoderRouter(model=TINY, learning_rate=5e-3, num_epochs=3, batch_size=8)


def questions(each: int = 12) -> Questions:
    rows = [(form.format(number), name) for number in range(each) for name, form in SHAPES.items()]
    texts, labels = (tuple(column) for column in zip(*rows, strict=True))
    return Questions(tuple(map(str, range(len(rows)))), texts, labels, texts)


def resources(kind: SemanticRouter | EncoderRouter, scratch: Path) -> Resources:
    return Resources(encoder_folders(kind), scratch)


def tuned(
    kind: EncoderRouter, scratch: Path, progress: Progress = silent, each: int = 12
) -> dict[str, torch.Tensor]:
    reader = read_encoder(TINY.folder(), len(SHAPES), kind.max_length)
    fine_tune(reader, sides_of(questions(each), None, kind), kind, scratch, progress)
    return reader.model.state_dict()


def noting(steps: list[tuple[int, int]]) -> Progress:
    def note(done: int, total: int, unit: str, **_: float) -> None:
        assert unit == "steps"
        steps.append((done, total))

    return note


def found(fitted: UncalibratedRouter, texts: tuple[str, ...]) -> list[str]:
    return [fitted.labels[best] for best in fitted.scorer.score(texts).scores.argmax(axis=1)]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def semantic(scratch: Path) -> UncalibratedRouter:
    kind = SemanticRouter(model=TINY, kept_examples=4)
    return fit_semantic(questions(), kind, resources(kind, scratch))


@pytest.fixture(scope="module")
def encoder(scratch: Path) -> UncalibratedRouter:
    return fit_encoder(questions(), None, EPOCHS, resources(EPOCHS, scratch))


@pytest.mark.parametrize("head", ["descriptions", "centroids", "linear"])
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_every_head_finds_questions_of_its_shapes(head: str, precision: str, scratch: Path) -> None:
    kind = SemanticRouter.model_validate(
        {"model": TINY, "head": head, "precision": precision, "descriptions": DESCRIPTIONS}
    )
    fitted = fit_semantic(questions(), kind, resources(kind, scratch))
    unseen = questions(30).at(range(60, 90))
    assert np.mean(np.equal(found(fitted, unseen.texts), unseen.labels)) >= 0.9


def test_the_shipped_graph_scores_what_the_head_says(scratch: Path) -> None:
    kind = SemanticRouter(model=TINY, head="descriptions", descriptions=DESCRIPTIONS)
    fitted = fit_semantic(questions(), kind, resources(kind, scratch))
    assert fitted.held_out is not None
    shipped = fitted.scorer.score(fitted.held_out.questions.texts)
    np.testing.assert_allclose(shipped.scores, fitted.held_out.scored.scores, atol=1e-4)
    np.testing.assert_allclose(shipped.signs, fitted.held_out.scored.signs, atol=1e-5)


def test_scores_of_fitted_questions_are_held_out(semantic: UncalibratedRouter) -> None:
    assert semantic.held_out is not None
    assert semantic.held_out.questions.texts == questions().texts
    seen = semantic.scorer.score(questions().texts)
    assert (seen.signs >= semantic.held_out.scored.signs).mean() > 0.6
    assert not np.allclose(seen.scores, semantic.held_out.scored.scores, atol=1e-3)


def test_a_question_scores_the_same_alone_and_among_others(semantic: UncalibratedRouter) -> None:
    texts = ["a", "", "zzz " * 90, *questions().texts]
    together = semantic.scorer.score(texts).scores
    alone = np.concatenate([semantic.scorer.score([text]).scores for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_a_router_read_back_scores_bit_for_bit(encoder: UncalibratedRouter, tmp_path: Path) -> None:
    save_router(Router(encoder.labels, encoder.scorer), "encoder", {}, tmp_path)
    again = load_router(tmp_path).scorer
    assert np.array_equal(
        again.score(questions().texts).scores, encoder.scorer.score(questions().texts).scores
    )


def test_a_graph_that_cannot_be_run_is_refused(encoder: UncalibratedRouter, tmp_path: Path) -> None:
    assert isinstance(encoder.scorer, NeuralScorer)
    broken = replace(encoder.scorer, model=encoder.scorer.model[:-1000])
    save_router(Router(encoder.labels, broken), "encoder", {}, tmp_path)
    with pytest.raises(DataError, match="not an encoder that can be run"):
        load_router(tmp_path)


def test_equal_weights_export_to_equal_bytes_without_paths() -> None:
    reader = read_encoder(TINY.folder(), 3, 64)
    first, second = (export_graph(reader.model) for _ in range(2))
    assert first == second
    assert b"site-packages" not in first
    assert b".py" not in first


def test_distilbert_exports_and_scores_as_torch_does(tmp_path: Path) -> None:
    torch.manual_seed(1)
    settings = DistilBertConfig(vocab_size=260, dim=32, hidden_dim=64, n_layers=2, n_heads=2)
    DistilBertModel(settings).save_pretrained(tmp_path)
    load_tokenizer(TINY.folder()).save_pretrained(tmp_path)
    model = read_encoder(tmp_path, 3, 64).model
    ids = torch.randint(4, 260, (3, 11))
    mask = torch.ones_like(ids)
    mask[1, 4:] = 0
    with torch.no_grad():
        embedding, scores = model(ids, mask)
    names = ["embedding", "scores"]
    ran = session_of(export_graph(model)).run(
        names, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}
    )
    for one, other in zip(ran, (embedding, scores), strict=True):
        np.testing.assert_allclose(one, other.numpy(), atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(ran[0], axis=1), 1, atol=1e-5)


def test_int8_is_refused_where_it_bends_the_embeddings() -> None:
    model = read_encoder(TINY.folder(), 3, 64).model
    words = model.encoder.get_input_embeddings().weight
    with torch.no_grad():
        words.mul_(50)
        words[5] = 1e6  # leaves the others no room in eight bits
    with pytest.raises(ModelError, match="int8"):
        at_precision(export_graph(model), "int8")


def test_a_head_is_written_into_a_graph_of_other_labels() -> None:
    graph = export_graph(read_encoder(TINY.folder(), 1, 64).model)
    weight, bias = np.eye(5, 32), np.arange(5.0)
    feed = {name: np.ones((2, 6), dtype=np.int64) for name in ("input_ids", "attention_mask")}
    embedding, scores = session_of(with_head(graph, weight, bias)).run(["embedding", "scores"], feed)
    np.testing.assert_allclose(scores, SCALE * embedding[:, :5] + bias, atol=1e-4)


def test_few_shots_use_so_many_questions_of_each_domain(scratch: Path) -> None:
    kind = SemanticRouter(model=TINY, head="centroids", shots=3, kept_examples=50)
    fitted = fit_semantic(questions(), kind, resources(kind, scratch))
    assert isinstance(fitted.scorer, NeuralScorer)
    assert np.bincount(fitted.scorer.part.example_labels).tolist() == [3, 3, 3]


def test_kept_examples_come_from_each_domain_and_lie_apart(semantic: UncalibratedRouter) -> None:
    assert isinstance(semantic.scorer, NeuralScorer)
    part = semantic.scorer.part
    assert np.bincount(part.example_labels).tolist() == [4, 4, 4]
    assert len(set(part.examples)) == 12
    text = questions().texts[1]
    assert semantic.labels[semantic.scorer.nearest(text, 1)[0][1]] == questions().labels[1]


def test_two_domains_are_told_apart_as_more_are(scratch: Path) -> None:
    two = questions().at([row for row, name in enumerate(questions().labels) if name != "numbers"])
    kind = SemanticRouter(model=TINY)
    fitted = fit_semantic(two, kind, resources(kind, scratch))
    assert found(fitted, two.texts) == list(two.labels)


def test_a_missing_description_is_named(scratch: Path) -> None:
    kind = SemanticRouter(model=TINY, head="descriptions", descriptions={"cooking": "food"})
    with pytest.raises(DataError, match=r"router\.descriptions: none for domain gardens"):
        fit_semantic(questions(), kind, resources(kind, scratch))


def test_the_held_questions_are_not_trained_on(encoder: UncalibratedRouter) -> None:
    assert encoder.held_out is not None
    share = len(encoder.held_out.questions.texts) / len(questions().texts)
    assert 0.05 <= share <= 0.2
    assert set(encoder.held_out.questions.labels) == set(SHAPES)


def test_given_validation_questions_stop_the_training() -> None:
    validation = questions(20).at(range(40, 60))
    assert sides_of(questions(), validation, EPOCHS).held_out == validation


def test_validation_questions_that_lack_a_domain_are_not_relied_on() -> None:
    sides = sides_of(questions(), questions(20).at([40, 43]), EPOCHS)
    assert sides == sides_of(questions(), None, EPOCHS)
    assert set(sides.held_out.labels) == set(SHAPES)
    assert not set(sides.held_out.groups) & set(sides.fitting.groups)


def test_training_stops_early_where_the_held_out_loss_stays(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    # At this pace the weights leave every good place.
    kind = EPOCHS.model_copy(update={"learning_rate": 1.0, "num_epochs": 20, "patience": 1})
    tuned(kind, tmp_path, noting(steps))
    assert 0 < max(done for done, _ in steps) < steps[0][1]


def test_a_killed_training_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def kill(done: int, total: int, unit: str, **metrics: float) -> None:
        if "eval_loss" in metrics and done > total / 2:
            raise InterruptedError(unit)

    unbroken = tuned(EPOCHS, tmp_path / "unbroken")
    with pytest.raises(InterruptedError):
        tuned(EPOCHS, tmp_path, kill)
    again = tuned(EPOCHS, tmp_path, noting(seen))
    assert min(seen)[0] > 5
    assert all(torch.equal(again[name], unbroken[name]) for name in unbroken)


def test_other_questions_take_no_checkpoint_of_these(tmp_path: Path) -> None:
    kind = EPOCHS.model_copy(update={"num_epochs": 1})
    for each in (12, 11):
        tuned(kind, tmp_path, each=each)
    assert len(list(tmp_path.glob("encoder-*/best.safetensors"))) == 2
    assert not list(tmp_path.glob("encoder-*/checkpoint-*"))


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no encoder can be loaded"):
        read_encoder(tmp_path, 2, 64)


def test_more_tokens_than_the_encoder_has_positions_are_cut() -> None:
    reader = read_encoder(TINY.folder(), 2, 4096)
    assert reader.max_length == 128
    assert isinstance(reader.model, PooledEncoder)


def test_one_shot_leaves_nothing_to_hold_out() -> None:
    with pytest.raises(ValidationError, match="shots"):
        SemanticRouter(shots=1)


def test_the_place_of_an_encoder_enters_no_key_and_its_folder_is_found(tmp_path: Path) -> None:
    recipes = []
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "config.json").write_text("{}")
        route = RouteConfig(
            router=SemanticRouter(model=FolderModel(path=tmp_path / place)), ambiguous="unmarked"
        )
        recipes.append(train_router.recipe({}, route))
        (name,) = train_router.describe({}, route).models
        assert given_encoders({name: tmp_path}, route.router) == {route.router.model: tmp_path}
    assert recipes[0] == recipes[1]
