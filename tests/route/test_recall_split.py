"""Pins the router's figures on `recall`: beside those of the test questions, and moving none of them."""

from pathlib import Path

from route_library import run_in, write_library

from tasks.records.dataset import Example
from tasks.records.files import write_records
from tasks.records.router import RouterReport, read_router_report

DOMAINS = ["anxiety", "ocd"]


def routed(inputs: dict[str, Path], folder: Path) -> RouterReport:
    run_in(folder, inputs)
    return read_router_report(folder / "out")


def test_recall_stands_beside_the_test_questions_and_moves_none_of_them(tmp_path: Path) -> None:
    inputs = write_library(tmp_path / "library", DOMAINS)
    before = routed(inputs, tmp_path / "before")
    assert "recall" not in before.splits
    for domain, asked in (("anxiety", "panic attacks"), ("ocd", "rituals")):
        recalled = [
            Example(
                id=f"{domain}-r{number}",
                question=f"Which {asked} are there, {number}?",
                answer="Several.",
                key_fact="Several.",
                split="recall",
                teacher="scripted",
            )
            for number in range(4)
        ]
        write_records(inputs[f"qa/{domain}"] / "recall.jsonl", recalled)
    after = routed(inputs, tmp_path / "after")
    found = after.splits["recall"]
    assert (found.questions, found.accuracy) == (8, 1.0)
    assert found.ece is not None
    rest = {name: split for name, split in after.splits.items() if name != "recall"}
    assert after.model_copy(update={"splits": rest}) == before
