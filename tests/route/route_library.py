"""A small library for the tests of the route stage, and the stage run on it."""

from itertools import product
from pathlib import Path

from tasks.kernel.workspace import Metrics, Workspace, silent
from tasks.records.dataset import Example, Split
from tasks.records.files import write_records
from tasks.route.config import RouteConfig
from tasks.route.measure.labelled_questions import Questions, read_questions
from tasks.route.run import run
from tasks.route.single_config import TfidfRouter

WORDS = {
    "anxiety": ["panic attacks", "constant worry", "phobias", "avoidance", "Überforderung", "breathing"],
    "depression": ["low mood", "loss of interest", "sleep", "energy", "hopeless thoughts", "treatment"],
    "ocd": ["intrusive thoughts", "rituals", "exposure", "checking locks", "washing hands", "treatment"],
}
FORMS = [
    "What causes {} in adults?",
    "How are {} treated, and how long does {} last?",
    "Why do people with {} don't ask for help?",
    "Is it 1 of 5 who has {}?",
    "Can {} get better without medicine?",
]
SPLITS: dict[Split, int] = {"train": 3, "validation": 1, "test": 1}
FAST = TfidfRouter(C=(1.0,), class_weights=("none",))
"""Without a choice, there is nothing to tune."""


def write_library(folder: Path, domains: list[str]) -> dict[str, Path]:
    """Write a QADataset per domain: three forms of every question to train, one each to the other splits."""
    inputs = {}
    for domain in domains:
        inputs[f"qa/{domain}"] = folder / domain
        (folder / domain).mkdir(parents=True)
        forms = iter(FORMS)
        for split, count in SPLITS.items():
            chosen = [next(forms) for _ in range(count)]
            texts = [form.replace("{}", word) for form, word in product(chosen, WORDS[domain])]
            write_records(
                folder / domain / f"{split}.jsonl",
                [
                    Example(id=f"{domain}-{split}-{place}", question=text, answer="Yes.", teacher="scripted")
                    for place, text in enumerate(texts)
                ],
            )
    return inputs


def questions_of(inputs: dict[str, Path], split: Split) -> Questions:
    """Read one split of a written library."""
    folders = {name.removeprefix("qa/"): path for name, path in inputs.items() if name.startswith("qa/")}
    return read_questions(folders, split)


def workspace(folder: Path) -> Workspace:
    """Make the folders of a run."""
    for name in ("out", "scratch"):
        (folder / name).mkdir(parents=True)
    return Workspace(folder / "out", folder / "scratch", silent)


def run_in(folder: Path, inputs: dict[str, Path], config: RouteConfig | None = None) -> Metrics:
    """Run the stage; the router is in `folder/out`. Ambiguity is looked for where `config` says so."""
    config = config or RouteConfig(router=FAST)
    if "ambiguous" not in config.model_fields_set:
        config = config.model_copy(update={"ambiguous": "unmarked"})
    return run(inputs, config, workspace(folder))
