"""Pins what bundles are measured by: the runtime sees the float model's tokens and agrees with its scores."""

import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.evaluate.concluding.edge_report import edge_loss
from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.bundle_runs import EdgeRun, Prefill, RuntimeTraits, plan_prefill, run_bundle
from tasks.evaluate.measuring.generation import Decoding
from tasks.evaluate.run import run
from tasks.kernel.workspace import Inputs, Workspace, silent
from tasks.models.chat import Turns, chat_turns
from tasks.records.chain import Chain, Link, LinkBounds, Probe, write_chain
from tasks.records.dataset import Example
from tasks.records.evaluation import read_evaluation
from tasks.records.files import read_records
from tasks.statistics.bootstrap import Bootstrap, Loss

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
CONVERTER = REPOSITORY / ".venv-convert" / "bin" / "python"
EXPORT = """\
import sys
from pathlib import Path
from tasks.convert.config import ConvertConfig
from tasks.convert.graph import load, trace
from tasks.convert.packing import pack
merged, scratch, out = map(Path, sys.argv[1:])
config = ConvertConfig(prefill_lengths=(32,), cache_length=256)
source = load(merged, config.graph(), scratch, lambda: None)
pack(source, trace(source, lambda: None), out)
"""
TOKENS = 5
"""Of each answer that a chain's probes have."""
QUESTIONS = [("Why?", "Because."), ("What is a longer question, then?", "One with many more letters in it.")]


def letters(text: str) -> list[int]:
    return [ord(letter) for letter in text]


def plan(prompt: str, start: str | None, *, drops: bool) -> Prefill:
    return plan_prefill(prompt, letters, chr, RuntimeTraits(ord(start) if start else None, drops))


def test_a_faithful_runtime_is_sent_the_prompt() -> None:
    assert plan("^abc", None, drops=False) == Prefill(("^abc",), tuple(letters("^abc")))


def test_a_start_token_is_left_to_the_runtime_where_the_prompt_has_it() -> None:
    assert plan("^abc", "^", drops=False) == Prefill(("abc",), tuple(letters("^abc")))


def test_a_start_token_that_the_prompt_lacks_is_counted_as_seen() -> None:
    assert plan("abc", "^", drops=False) == Prefill(("abc",), tuple(letters("^abc")))


def test_a_token_that_gets_lost_is_sent_twice() -> None:
    assert plan("^abc", "^", drops=True) == Prefill(("abc", "c"), tuple(letters("^abc")))


def test_a_token_that_cannot_be_sent_alone_is_counted_as_lost() -> None:
    def merged(text: str) -> list[int]:
        return letters(text) if len(text) > 1 else [0]

    assert plan_prefill("abc", merged, chr, RuntimeTraits(None, drops_token=True)) == Prefill(
        ("abc",), (97, 99)
    )


def test_edge_loss_is_the_rise_of_perplexity_over_the_same_tokens() -> None:
    edge = [Loss(-sum(scores), len(scores)) for scores in ([-1.0, -2.0], [-3.0])]
    floating = [Loss(2.4, 2), Loss(2.7, 1)]
    loss = edge_loss(edge, floating, Bootstrap(200, 0.95, 1))
    assert loss.value == pytest.approx(math.exp((6.0 - 5.1) / 3) - 1)
    low, high = loss.ends
    assert low <= loss.value <= high


@pytest.fixture(scope="module")
def float_bundle(tmp_path_factory: pytest.TempPathFactory, tiny: Callable[[int], Path]) -> Path:
    """Return a tiny model's bundle without quantization: whatever differs is the runtime's doing."""
    if not CONVERTER.exists():
        pytest.skip("needs the converter's environment: run `make install`")
    scratch, out = tmp_path_factory.mktemp("scratch"), tmp_path_factory.mktemp("edge")
    command = [str(CONVERTER), "-c", EXPORT, str(tiny(0)), str(scratch), str(out)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, timeout=300)
    return out / "model.litertlm"


@pytest.fixture(scope="module")
def measured(
    float_bundle: Path, tiny: Callable[[int], Path], tmp_path_factory: pytest.TempPathFactory
) -> EdgeRun:
    from tasks.models.loading import load_tokenizer

    tokenizer = load_tokenizer(tiny(0))
    asked = [(question, chat_turns(tokenizer, question, answer)) for question, answer in QUESTIONS]
    too_long = ("Why? " * 60, Turns("Why? " * 60, "Because."))
    cache = tmp_path_factory.mktemp("cache")
    greedy = Decoding(max_new_tokens=8, temperature=0.0, seed=0)
    return run_bundle(
        float_bundle, [*asked, too_long], greedy, cache, lambda done: silent(done, 3, "questions")
    )


def test_the_runtime_scores_what_transformers_scores(measured: EdgeRun, tiny: Callable[[int], Path]) -> None:
    from tasks.evaluate.measuring.answer_scoring import score_answers
    from tasks.models.loading import load_model

    texts = [text for text in measured.sequences if text]
    floating = score_answers(load_model(tiny(0)), texts, 2, lambda done: silent(done, 2, "questions"))
    found = [loss.nats for loss in measured.losses if loss]
    assert found == pytest.approx([loss.nats for loss in floating], rel=1e-5)


def test_the_scored_tokens_are_the_chat_formats_own(measured: EdgeRun, tiny: Callable[[int], Path]) -> None:
    from tasks.evaluate.measuring.answer_scoring import encode
    from tasks.models.loading import load_tokenizer

    tokenizer = load_tokenizer(tiny(0))
    wanted = [encode(tokenizer, chat_turns(tokenizer, *pair), 2048) for pair in QUESTIONS]
    assert measured.sequences[:2] == wanted


def test_the_runtime_answers_greedily_as_transformers_does(
    measured: EdgeRun, tiny: Callable[[int], Path]
) -> None:
    from tasks.evaluate.measuring.generation import answer
    from tasks.models.loading import load_model, load_tokenizer

    tokenizer = load_tokenizer(tiny(0))
    prompts = [chat_turns(tokenizer, *pair).prompt for pair in QUESTIONS]
    greedy = Decoding(max_new_tokens=8, temperature=0.0, seed=0)
    floating = answer(load_model(tiny(0)), tokenizer, prompts, greedy, 1, lambda _: None)
    replies = [reply for reply in measured.replies if reply]
    assert all(len(text) > 4 for text in floating)
    assert [reply.text for reply in replies] == floating
    assert all(reply.prompt_matches for reply in replies)


def test_a_text_that_does_not_fit_is_left_out_instead_of_crashing_the_runtime(measured: EdgeRun) -> None:
    assert (measured.replies[2], measured.sequences[2], measured.losses[2]) == (None, None, None)


def test_running_a_bundle_leaves_its_folder_as_it_was(measured: EdgeRun, float_bundle: Path) -> None:
    assert measured.init_seconds > 0
    assert [file.name for file in float_bundle.parent.iterdir()] == ["model.litertlm"]


def test_an_unquantized_bundle_costs_nothing_in_the_report(
    float_bundle: Path, tiny: Callable[[int], Path], inputs: Inputs, workspace: Workspace
) -> None:
    chain = workspace.scratch / "chain"
    chain.mkdir()
    write_chain(chain, chain_of(tiny(0), inputs["qa/alpha"]))
    folders = {"merged/alpha": tiny(0), "edge/alpha": float_bundle.parent, "chain/alpha": chain}
    config = EvaluateConfig(max_new_tokens=6, latency_prompts=1, bootstrap_samples=200)
    metrics = run({**inputs, **folders}, config, workspace)
    report = read_evaluation(workspace.out)
    alpha = report.domains["alpha"]
    assert alpha.edge_perplexity
    assert alpha.edge
    assert alpha.edge_perplexity.float_ == alpha.perplexity.expert
    assert metrics["edge_loss_alpha"] == pytest.approx(0, abs=1e-4)
    assert alpha.edge.scores["rouge_l"] == alpha.edge.scores["float_rouge_l"]
    assert report.warnings == [
        "alpha: the bundle answered 3 of 20 prompts: there are no more held out",
    ]
    assert report.domains["beta"].edge is None
    *_, last = alpha.chain
    assert last.name == "INT4 graph -> runtime"
    assert last.positions == 3 * TOKENS
    assert last.perplexity_ratio
    assert last.perplexity_ratio.value == pytest.approx(1, abs=1e-5)


def chain_of(model: Path, questions: Path) -> Chain:
    """Return the chain of a bundle whose graph says what the model in torch says."""
    from tasks.evaluate.measuring.answer_scoring import Encoded, encode, score_answers
    from tasks.models.loading import load_model, load_tokenizer

    tokenizer = load_tokenizer(model)
    examples = read_records(questions / "test.jsonl", Example)
    whole = [encode(tokenizer, chat_turns(tokenizer, one.question, one.answer), 2048) for one in examples]
    texts = [Encoded(text.prompt, text.answer[:TOKENS]) for text in whole]
    losses = score_answers(load_model(model), texts, 3, lambda _: None)
    probes = [
        Probe(id=one.id, prompt=text.prompt, answer=text.answer, nats=loss.nats)
        for one, text, loss in zip(examples, texts, losses, strict=True)
    ]
    merged = Link(before="adapter", after="merged", mean_kl=1e-6)
    return Chain(links=[merged], probes=probes, runtime=LinkBounds(max_perplexity_ratio=1.01))
