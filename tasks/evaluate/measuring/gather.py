"""Do all the measuring: input folders in, evidence out.

Bundles run first, while the process is small enough to see what the phone's runtime takes;
then one float model after the other. Each (model, question) pair is computed once.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.bundle_runs import EdgeRun, run_bundle
from tasks.evaluate.measuring.evidence import Evidence
from tasks.evaluate.measuring.float_models import Measured, Wanted, decoding, measure
from tasks.evaluate.measuring.last_link import followed, probed
from tasks.evaluate.measuring.memory import peak_bytes
from tasks.evaluate.measuring.questions import RECALL, HeldOut, Question, first_of_each, read_questions
from tasks.evaluate.measuring.systems import (
    BASE,
    GENERALIST,
    assignments,
    check_domains,
    expert,
    positions_of,
    route,
)
from tasks.evaluate.measuring.trained_elsewhere import trained_elsewhere
from tasks.kernel.workspace import Inputs, Workspace, domain_inputs
from tasks.models.chat import Turns, chat_turns, prompt_text, token_ids
from tasks.models.edge_files import expert_files
from tasks.models.loading import load_tokenizer
from tasks.records import edge
from tasks.records.chain import read_chain
from tasks.records.edge import Sizes
from tasks.router_runtime.router_files import load_router

LOG = logging.getLogger(__name__)


@dataclass
class Counter:
    """Adds up finished questions for the progress display."""

    work: Workspace
    total: int
    finished: int = 0

    def __call__(self, count: int) -> None:
        """Report `count` more; a total reached early stays reached."""
        self.finished = min(self.total, self.finished + count)
        self.work.progress(self.finished, self.total, "questions")


def gather(
    inputs: Inputs, config: EvaluateConfig, work: Workspace, require: Callable[[Sequence[Question]], None]
) -> Evidence:
    """Measure each bundle and each float model once; raise DataError where inputs do not fit together.

    `require` raises where questions cannot be scored, before anything is measured.
    """
    held_out = _held_out(inputs, config)
    questions = held_out.questions
    require(questions)
    router, experts = load_router(inputs["router"]), domain_inputs(inputs, "merged")
    check_domains(questions, router, experts)
    routing = route(router, questions)
    systems = assignments(questions, routing)
    wanted = _wanted(inputs, config, questions, systems)
    positions = first_of_each(questions, config.edge_prompts)
    for domain, recalled in first_of_each(questions, config.edge_prompts, RECALL).items():
        positions[domain] += recalled
    done = Counter(work, _total(wanted, positions, domain_inputs(inputs, "edge")))
    chains = {domain: read_chain(folder) for domain, folder in domain_inputs(inputs, "chain").items()}
    edges = {}
    for domain, folder in domain_inputs(inputs, "edge").items():
        files = expert_files(folder, inputs.get("edge-base"))
        asked = _asked(experts[domain], [questions[place] for place in positions[domain]])
        probes = probed(chains[domain], inputs[f"qa/{domain}"], experts[domain]) if domain in chains else ()
        cache = work.scratch / "litert"
        edges[domain] = run_bundle(files.bundle, asked, decoding(config), cache, done, probes, files.adapter)
    links = followed(chains, edges, config)
    models = _measure_all(wanted, edges, questions, config, done)
    sizes = {domain: read_sizes(inputs, domain) for domain in experts}
    left_out = held_out.too_long, held_out.trained_on
    return Evidence(
        *(questions, router.labels, routing, systems, models, positions, edges, sizes, peak_bytes()),
        *left_out,
        links,
    )


def read_sizes(inputs: Inputs, domain: str) -> Sizes:
    """Return the sizes that merge and convert wrote down, in bytes and ratios."""
    sizes = Sizes()
    for kind in ("merged", "edge"):
        folder = inputs.get(f"{kind}/{domain}", Path())
        if (folder / edge.SIZES).is_file():
            sizes |= edge.read_sizes(folder)
    return sizes


def _held_out(inputs: Inputs, config: EvaluateConfig) -> HeldOut:
    """Read the questions; one fits where it leaves room for a token of its answer."""
    tokenizer = load_tokenizer(inputs["base"])

    def fits(question: Question) -> bool:
        return len(token_ids(tokenizer, prompt_text(tokenizer, question.text))) < config.max_length

    folders = domain_inputs(inputs, "qa")
    known = trained_elsewhere(folders, domain_inputs(inputs, "corpus"))
    return read_questions(folders, config.max_questions_per_domain, config.seed, fits, known)


def _wanted(
    inputs: Inputs,
    config: EvaluateConfig,
    questions: Sequence[Question],
    systems: Mapping[str, Sequence[str]],
) -> dict[str, Wanted]:
    """Return what to measure on each model: no more than some system needs."""
    everything = range(len(questions))
    timed = {place for found in first_of_each(questions, config.latency_prompts).values() for place in found}
    wanted = {
        BASE: Wanted(inputs["base"], everything, [place for place in everything if questions[place].fact]),
        GENERALIST: Wanted(inputs["merged-generalist"], everything, everything, sorted(timed)),
    }
    for domain, folder in domain_inputs(inputs, "merged").items():
        asked = positions_of(expert(domain), systems)
        wanted[expert(domain)] = Wanted(folder, asked, asked, [place for place in asked if place in timed])
    return wanted


def _total(
    wanted: Mapping[str, Wanted], positions: Mapping[str, Sequence[int]], bundles: Mapping[str, Path]
) -> int:
    prompts = sum(len(positions[domain]) for domain in bundles)
    return prompts + sum(len(model.scored) + len(model.answered) for model in wanted.values())


def _asked(model: Path, questions: Sequence[Question]) -> list[tuple[str, Turns]]:
    tokenizer = load_tokenizer(model)
    return [(one.text, chat_turns(tokenizer, one.text, one.reference).whole()) for one in questions]


def _measure_all(
    wanted: Mapping[str, Wanted],
    edges: Mapping[str, EdgeRun],
    questions: Sequence[Question],
    config: EvaluateConfig,
    done: Callable[[int], None],
) -> dict[str, Measured]:
    sequences = {expert(domain): [text for text in run.sequences if text] for domain, run in edges.items()}
    measured = {}
    for name, model in wanted.items():
        LOG.info("%s: %d questions to score, %d to answer", name, len(model.scored), len(model.answered))
        measured[name] = measure(replace(model, sequences=sequences.get(name, ())), questions, config, done)
    return measured
