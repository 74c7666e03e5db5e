"""Two domains with passages, whose questions repeat a sentence of their own or of the other's passages.

An encoder with random weights is enough for them: what is repeated has a cosine of 1, and nothing else has.
"""

from collections.abc import Iterable
from pathlib import Path

from route_library import FAST, workspace

from tasks.kernel.workspace import Metrics
from tasks.models.sources import TinyEncoder
from tasks.records.corpus import Passage
from tasks.records.dataset import Example, Split
from tasks.records.files import write_records
from tasks.route.config import RouteConfig
from tasks.route.run import run

TINY = TinyEncoder(hidden_size=64)
SUBJECTS = {
    "baking": ["sourdough", "rye loaves", "puff pastry", "dry yeast", "oven stones", "sugar glaze"],
    "sailing": ["tall jibs", "mainsails", "reef knots", "long tillers", "headwinds", "harbour lights"],
}
SIDES: tuple[Split, ...] = ("train", "train", "train", "train", "validation", "test")
"""The side of each passage."""
TRAIN, TEST = 0, 5
"""Places of a passage to train on and of one to test on."""


def sentences(domain: str, place: int) -> list[str]:
    """Return what a passage says: no other passage says it."""
    subject = SUBJECTS[domain][place]
    return [
        f"Patience is what {subject} need first.",
        f"People who know {subject} start at dawn.",
        f"How {subject} age depends on the weather.",
        f"Old hands keep {subject} dry for weeks.",
    ]


def write_told(
    folder: Path, odd: Iterable[tuple[str, int, str]] = (), *, passages: bool = True
) -> dict[str, Path]:
    """Write corpora and data sets that ask every sentence, and the `odd` (domain, place, question) besides.

    Without passages the sentences are the answers of ready-made data sets.
    """
    inputs: dict[str, Path] = {}
    for domain in SUBJECTS:
        inputs[f"qa/{domain}"], inputs[f"corpus/{domain}"] = folder / domain, folder / f"{domain}-corpus"
        for name in (f"qa/{domain}", f"corpus/{domain}"):
            inputs[name].mkdir(parents=True)
        asked = [(place, text, text) for place in range(len(SIDES)) for text in sentences(domain, place)]
        asked += [(place, text, sentences(domain, place)[0]) for name, place, text in odd if name == domain]
        for split in ("train", "validation", "test"):
            rows = [
                Example(
                    id=f"{domain}-{number}",
                    question=question,
                    answer=answer,
                    passage=f"{domain}-{place}" if passages else "",
                    teacher="scripted",
                )
                for number, (place, question, answer) in enumerate(asked)
                if SIDES[place] == split
            ]
            write_records(folder / domain / f"{split}.jsonl", rows)
        told = [_passage(domain, place) for place in range(len(SIDES))] if passages else []
        write_records(inputs[f"corpus/{domain}"] / "passages.jsonl", told)
    return inputs


def _passage(domain: str, place: int) -> Passage:
    return Passage(
        id=f"{domain}-{place}",
        document=f"{domain}.md",
        document_digest="0" * 64,
        pages=(1, 1),
        text="\n\n".join(sentences(domain, place)),
    )


def marking(**fields: object) -> RouteConfig:
    """Return a configuration that looks for ambiguity with an encoder that is made in a second."""
    return RouteConfig.model_validate(
        {"router": FAST, "nearness": TINY, "ambiguous": "kept", "further_text": [], **fields}
    )


def run_told(folder: Path, inputs: dict[str, Path], config: RouteConfig) -> Metrics:
    """Run the stage with the encoder; the router is in `folder/out`."""
    return run({**inputs, "encoder/0": TINY.folder()}, config, workspace(folder))
