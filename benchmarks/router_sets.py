"""Questions with the passages and descriptions of their domains, for measuring what routers learn from.

In: the example library and a folder of public data sets. Out: one `QuestionSet` each. Questions on documents
are those that the generate stage keeps with its defaults.
"""

import gzip
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from tasks.generate.config import GenerateConfig
from tasks.generate.run import run as generate
from tasks.ingest.config import IngestConfig
from tasks.ingest.run import run as ingest
from tasks.kernel.settings import PROJECT
from tasks.kernel.workspace import Workspace, silent
from tasks.models.sources import EmbeddedModel
from tasks.route.material.sources import Source, read_sources
from tasks.route.measure.labelled_questions import Questions, plain, read_questions

LEGAL = {"constitution": "constitution_qa.json", "procedure": "crpc_qa.json", "penal-code": "ipc_qa.json"}
LEGAL_TEXTS = {
    "constitution": "The Constitution of India",
    "procedure": "The Code of Criminal Procedure",
    "penal-code": "The Indian Penal Code",
}
DEMO_TEXTS = {
    "anxiety": "Anxiety disorders and how they are treated",
    "depression": "Depression and how it is treated",
    "ocd": "Obsessive-compulsive disorder and how it is treated",
}
BROCHURES = {
    "anxiety": ("Generalized", "Panic", "Social", "Im-So"),
    "mood": ("bipolar", "depression", "disruptive", "seasonal"),
    "psychosis": ("23-MH", "schizophrenia"),
    "behavior": ("adhd", "Borderline", "eating"),
    "stress": ("obsessive", "post-traumatic"),
}
BROCHURE_TEXTS = {
    "anxiety": "Generalized and social anxiety, panic and stress",
    "mood": "Depression, bipolar disorder and other mood disorders",
    "psychosis": "Psychosis and schizophrenia",
    "behavior": "ADHD, borderline personality and eating disorders",
    "stress": "Obsessive-compulsive and post-traumatic stress disorder",
}
LEGAL_SIZES = ((50, 200), (200, 400), (800, 1100))
INTENT_SIZES = ((10, 20), (25, 40))
"""Training questions of each domain at most, and questions of each that are drawn at all."""
LEAST_HUMAN, HUMAN_EACH = 150, 60
"""Questions by people on one article from which on it is a domain, and how many of them are drawn."""
Row = TypeVar("Row", bound=tuple[str, ...])


@dataclass(frozen=True)
class QuestionSet:
    """Labelled questions, and what their domains say besides."""

    name: str
    questions: Questions
    sources: Sequence[Source]
    descriptions: Mapping[str, str]
    limit: int | None = None
    """Training questions of each domain at most."""


def all_sets(data: Path | None, work: Path, wanted: Sequence[str] = ()) -> Iterator[QuestionSet]:
    """Yield the example library and every public set in `data`, or only those that are wanted."""
    library = {name: PROJECT / "examples" / "library" / name for name in DEMO_TEXTS}
    makers: dict[str, Callable[[], QuestionSet]] = {
        "demo": partial(_documents, "demo", library, DEMO_TEXTS, work)
    }
    if data is not None:
        makers["brochures"] = partial(_brochures, data / "pdf-nimh", work)
        makers["articles"] = partial(_human, data / "question-writing" / "train.jsonl.gz")
        law, intents = data / "legal-india-qa", data / "clinc150" / "data_full.json"
        makers |= {f"law-{size}": partial(_legal, law, size, each) for size, each in LEGAL_SIZES}
        makers |= {f"intents-{size}": partial(_intents, intents, size, each) for size, each in INTENT_SIZES}
    yield from (make() for name, make in makers.items() if not wanted or name in wanted)


def _brochures(brochures: Path, work: Path) -> QuestionSet:
    """Put the brochures of each topic into a folder of its own, and read those."""
    places = {topic: work / "brochures" / "documents" / topic for topic in BROCHURES}
    for topic, place in places.items():
        place.mkdir(parents=True, exist_ok=True)
        for name in BROCHURES[topic]:
            (found,) = brochures.glob(f"{name}*.pdf")
            shutil.copyfile(found, place / found.name)
    return _documents("brochures", places, BROCHURE_TEXTS, work)


def _documents(
    name: str, places: Mapping[str, Path], descriptions: Mapping[str, str], work: Path
) -> QuestionSet:
    """Read documents and write questions to them once; another call with the same folder takes those."""
    datasets, corpora = {}, {}
    for domain, place in places.items():
        corpora[domain], datasets[domain] = (work / name / kind / domain for kind in ("corpus", "qa"))
        if not (datasets[domain] / "train.jsonl").is_file():
            ingest({"documents": place}, IngestConfig(), _workspace(corpora[domain], work))
            inputs = {"corpus": corpora[domain], "teacher": EmbeddedModel().folder()}
            small = GenerateConfig(min_pairs=5, min_test_pairs=1)
            generate(inputs, small, _workspace(datasets[domain], work))
    splits = [read_questions(datasets, split) for split in ("train", "validation", "test")]
    questions = splits[0].joined(splits[1]).joined(splits[2])
    return QuestionSet(name, questions, read_sources(datasets, corpora), descriptions)


def _workspace(out: Path, work: Path) -> Workspace:
    for folder in (out, scratch := work / "scratch" / out.parent.name / out.name):
        folder.mkdir(parents=True, exist_ok=True)
    return Workspace(out, scratch, silent)


def _human(file: Path) -> QuestionSet:
    """Questions by people on articles; what stands together is a question's sentence and those before it."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["source"] in {"squad", "newwiki"}]
    counts = Counter(row["document"] for row in rows)
    asked = [
        (row["question"], name, f"{name}: {row['sentence']}", f"{row['before']} {row['sentence']}")
        for row in rows
        if counts[name := row["document"]] >= LEAST_HUMAN
    ]
    asked = _drawn(asked, HUMAN_EACH)
    told = {group: Source(domain, group, None, text, is_passage=True) for _, domain, group, text in asked}
    names = {domain: domain.replace("_", " ") for _, domain, _, _ in asked}
    return QuestionSet("articles", _questions([row[:3] for row in asked]), list(told.values()), names)


def _legal(folder: Path, limit: int, each: int) -> QuestionSet:
    rows = [
        (item["question"], domain, plain(item["question"]), item["answer"])
        for domain, name in LEGAL.items()
        for item in json.loads((folder / name).read_text(encoding="utf-8"))
    ]
    rows = _drawn(rows, each)
    sources = [Source(domain, group, None, answer, is_passage=False) for _, domain, group, answer in rows]
    asked = _questions([row[:3] for row in rows])
    return QuestionSet(f"law-{limit}", asked, sources, LEGAL_TEXTS, limit)


def _intents(file: Path, limit: int, each: int) -> QuestionSet:
    sides = json.loads(file.read_text(encoding="utf-8"))
    rows = [(text, intent, plain(text)) for side in ("train", "val", "test") for text, intent in sides[side]]
    rows = _drawn(rows, each)
    names = {intent: intent.replace("_", " ") for _, intent, _ in rows}
    return QuestionSet(f"intents-{limit}", _questions(rows), [], names, limit)


def _drawn(rows: Sequence[Row], each: int) -> list[Row]:
    """Return so many rows of each domain, in their order."""
    places: dict[str, list[int]] = {}
    for place in np.random.default_rng(42).permutation(len(rows)).tolist():
        places.setdefault(rows[place][1], []).append(place)
    return [rows[place] for place in sorted(place for some in places.values() for place in some[:each])]


def _questions(rows: Sequence[tuple[str, str, str]]) -> Questions:
    texts, labels, groups = (tuple(row[column] for row in rows) for column in range(3))
    return Questions(tuple(map(str, range(len(rows)))), texts, labels, groups)
