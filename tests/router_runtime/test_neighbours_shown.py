"""A router that keeps known questions shows the nearest, wherever in it they are kept."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from tasks.router_runtime.composite import CascadeScorer, Handover, HierarchyScorer
from tasks.router_runtime.explain import NEAREST, Neighbour, neighbours
from tasks.router_runtime.neural import NeuralPart, NeuralScorer
from tasks.router_runtime.question_scores import Scorer
from tasks.router_runtime.router import Router

pytestmark = pytest.mark.slow

LABELS = ("anxiety", "ocd")
KNOWN = ("panic", "panic attack", "rituals", "panic rituals", "attack")
KNOWN_LABELS = (0, 0, 1, 1, 0)
WORDS = ["unknown", "panic", "attack", "rituals"]


def encoder(*, remembers: bool) -> NeuralScorer:
    """Return a bag of words as a graph: one direction a word, no training, nothing random."""
    tokenizer = Tokenizer(WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="unknown"))
    tokenizer.pre_tokenizer = Whitespace()  # type: ignore[assignment]  # its stubs leave the property out
    width = len(WORDS)
    part = NeuralPart(
        max_length=8,
        width=width,
        examples=KNOWN if remembers else (),
        example_labels=KNOWN_LABELS if remembers else (),
    )
    centroids = np.array([[0, 1.0, 0, 0], [0, 0, 0, 1.0]])
    bare = NeuralScorer(part, graph(width, centroids), tokenizer.to_str(), centroids, np.zeros((0, width)))
    examples = bare.run(KNOWN)[0] if remembers else np.zeros((0, width))
    return NeuralScorer(part, bare.model, bare.tokenizer, centroids, examples)


def graph(width: int, centroids: np.ndarray) -> bytes:
    initial = {
        # Row 0 pads, and adds nothing.
        "words": np.diag([0, *[1] * (width - 1)]).astype(np.float32),
        "head": centroids.T.astype(np.float32),
        "tokens": np.array([1]),
    }
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["each"]),
        helper.make_node("ReduceSum", ["each", "tokens"], ["sum"], keepdims=0),
        helper.make_node("LpNormalization", ["sum"], ["embedding"], axis=1, p=2),
        helper.make_node("MatMul", ["embedding", "head"], ["scores"]),
        helper.make_node("Identity", ["attention_mask"], ["unused"]),
    ]
    ids = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "length"])
        for name in ("input_ids", "attention_mask")
    ]
    found = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", size])
        for name, size in (("embedding", width), ("scores", len(centroids)))
    ]
    weights = [numpy_helper.from_array(array, name) for name, array in initial.items()]
    whole = helper.make_graph(nodes, "bag", ids, found, weights)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def router(scorer: Scorer) -> Router:
    return Router(LABELS, scorer)


def test_the_nearest_known_questions_come_first_with_their_labels() -> None:
    [found] = neighbours(router(encoder(remembers=True)), ["attack"])
    assert found == (
        Neighbour("attack", "anxiety", pytest.approx(1)),
        Neighbour("panic attack", "anxiety", pytest.approx(0.5**0.5)),
        found[-1],
    )
    assert len(found) == NEAREST


@pytest.mark.parametrize("composite", ["cascade", "hierarchy"])
def test_known_questions_are_found_inside_a_composite_router(composite: str) -> None:
    forgetful, remembering = (router(encoder(remembers=remembers)) for remembers in (False, True))
    scorers: dict[str, Scorer] = {
        "cascade": CascadeScorer(LABELS, (forgetful, remembering), Handover((0.9,), None), ("a", "b")),
        "hierarchy": HierarchyScorer(LABELS, remembering, (forgetful, forgetful)),
    }
    asked = ["attack", "rituals"]
    assert neighbours(router(scorers[composite]), asked) == neighbours(remembering, asked)


def test_half_a_character_does_not_stop_an_encoder() -> None:
    [found] = neighbours(router(encoder(remembers=True)), ["attack \ud800"])
    assert found[0].text == "attack"


def test_a_router_that_keeps_no_questions_shows_none() -> None:
    assert neighbours(router(encoder(remembers=False)), ["attack", "rituals"]) == [(), ()]
