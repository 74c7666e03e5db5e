"""Truncated, changed and deleted files of every kind of artifact are noticed, and built again alone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from faulty import TWO, Home

LABELS = {
    "corpus/anxiety": "ingest:anxiety",
    "qa/anxiety": "generate:anxiety",
    "router": "route",
    "adapter/anxiety": "finetune:anxiety",
    "merged/anxiety": "merge:anxiety",
    "healed/anxiety": "heal:anxiety",
    "graph": "graph",
    "edge/anxiety": "convert:anxiety",
    "chain/anxiety": "chain:anxiety",
    "evaluation": "evaluate",
}
"""One artifact of each kind, and the stage that builds it."""


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def delete(path: Path) -> None:
    path.unlink()


HOW: tuple[Callable[[Path], None], ...] = (truncate, flip, delete)
PLACES = ("data", "manifest", "record")
CASES = [(how, place) for how in HOW for place in PLACES]


@pytest.mark.parametrize(
    "turn",
    [pytest.param(0, marks=pytest.mark.integration)]
    + [pytest.param(turn, marks=pytest.mark.faults) for turn in range(1, len(CASES))],
)
def test_damaged_files_rebuild_their_own_stage_alone(finished: Home, copied: Home, turn: int) -> None:
    told = []
    rows, parts = copied.rows(), copied.references()
    for index, (name, label) in enumerate(LABELS.items()):
        how, place = CASES[(index + turn) % len(CASES)]
        how(place_of(copied, parts[name], rows[label], place))
        told += [label] if place != "record" else []

    done = copied.run(TWO)

    assert done.code == 0, done.text()
    assert copied.built() == set(LABELS.values())
    for label in told:
        assert done.says(rf"^{label}: .*building it again"), f"{label}\n{done.text()}"
    assert copied.results() == finished.results()
    assert copied.leftovers() == []


def place_of(home: Home, part: dict[str, str], row: dict[str, str], place: str) -> Path:
    """Return the file to damage: the artifact's largest, its manifest, or its record in the cache."""
    folder = home.folder(part)
    if place == "record":
        return home.path / "cache" / f"{row['key']}.json"
    if place == "manifest":
        return folder / "manifest.json"
    return max((folder / "data").rglob("*"), key=lambda path: path.stat().st_size * path.is_file())
