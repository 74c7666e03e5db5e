"""Pairs for people to read, kept and rejected: `samples.json` of generation."""

from pathlib import Path

from pydantic import ConfigDict

from tasks.records.dataset import Example
from tasks.records.files import Figures, read_json, write_json

FILE = "samples.json"


class SampledPair(Example):
    """A pair, and what the check that refused it saw."""

    model_config = ConfigDict(extra="ignore")

    detail: str = ""


class SampledPassage(Figures):
    """The text that a pair rests on."""

    document: str = ""
    pages: tuple[int, int] | None = None
    heading: str = ""
    text: str


class Samples(Figures):
    """A sample of the kept pairs, and of those rejected for each reason."""

    kept: list[SampledPair] = []
    rejected: dict[str, list[SampledPair]] = {}
    """By reason."""
    passages: dict[str, SampledPassage] = {}
    """Each once, by its id."""


def write_samples(folder: Path, samples: Samples) -> None:
    """Write a data set's `samples.json`."""
    write_json(folder / FILE, samples.model_dump(mode="json"))


def read_samples(dataset: Path) -> Samples:
    """Return a data set's pairs to read; raise DataError with file and field where they are damaged."""
    return read_json(dataset / FILE, Samples)
