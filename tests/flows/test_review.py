"""The review commands: what is exported can be marked and checked, and no decision is ever lost."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from smoke_pipeline import SMOKE, Pipeline

from flows.config import load_config
from flows.runs.folders import RunFile
from flows.runs.pairs_to_review import Reviewed, check_decisions, open_domain, rows_to_review
from flows.runs.selection import Rebuild
from serving.runs import open_run
from tasks.generate.review.apply import apply_reviews
from tasks.kernel.artifacts import Artifact, Corpus, QADataset
from tasks.kernel.errors import ConfigError, DataError
from tasks.kernel.settings import Settings
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.store import Store
from tasks.records.corpus import Passage
from tasks.records.dataset import Candidate, Example
from tasks.records.files import Record, write_records
from tasks.records.review import ReviewRow, read_review, write_review

PROVENANCE = Provenance(
    key="k", recipe={}, metrics={}, seconds=0, peak_memory_bytes=0, packages={}, git_commit=""
)
PASSAGE = Passage(
    id="aaaa0000-0001",
    document="bees.pdf",
    document_digest="aaaa0000",
    pages=(3, 4),
    text="A bee dances. A wasp, too.",
)


def candidate(at: int, reason: str = "") -> Candidate:
    example = Example(
        id=f"{PASSAGE.id}-{at:02d}",
        question=f"=What does bee {at} do?",
        answer="A bee dances.",
        passage=PASSAGE.id,
        document=PASSAGE.document,
        pages=PASSAGE.pages,
        teacher="scripted",
    )
    return Candidate(example=example, reason=reason, detail="why" if reason else "")


def pairs(review: Path | None = None, *refused: int) -> Reviewed:
    found = [candidate(at, "language" if at in refused else "") for at in range(1, 9)]
    return Reviewed("anxiety", found, {PASSAGE.id: PASSAGE}, review)


def decided(rows: list[ReviewRow], **decisions: dict[str, str]) -> list[ReviewRow]:
    """Mark the rows of pairs by their numbers, `pair_3={"decision": "reject"}`."""
    marks = {f"=What does bee {name.removeprefix('pair_')} do?": mark for name, mark in decisions.items()}
    return [row.model_copy(update=marks.get(row.question, {})) for row in rows]


def test_kept_pairs_are_exported_and_refused_ones_on_demand() -> None:
    kept = rows_to_review(pairs(None, 2, 5), [], None, rejected=False)
    assert [row.fate for row in kept] == ["kept"] * 6
    everything = rows_to_review(pairs(None, 2, 5), [], None, rejected=True)
    assert [row.fate for row in everything].count("language: why") == 2
    assert {row.pages for row in everything} == {"p. 3-4"}
    assert {row.passage for row in everything} == {PASSAGE.text}


def test_a_sample_stays_the_same_when_pairs_are_added() -> None:
    everything = pairs()
    some = Reviewed("anxiety", everything.candidates[:6], everything.passages, None)
    few, more = (
        {row.id for row in rows_to_review(given, [], 4, rejected=False)} for given in (some, everything)
    )
    assert len(few) == len(more) == 4
    new = {row.id for row in rows_to_review(everything, [], None, rejected=False)} - {
        row.id for row in rows_to_review(some, [], None, rejected=False)
    }
    assert more - few <= new


def test_no_export_loses_a_decision(tmp_path: Path) -> None:
    first = rows_to_review(pairs(None, 2), [], None, rejected=True)
    marks = {
        "pair_1": {"decision": "edit", "edited_question": "What do bees do?"},
        "pair_2": {"decision": "accept"},
        "pair_3": {"decision": "reject", "note": "too easy"},
        "pair_4": {"decision": "edit", "edited_answer": "It dances."},
    }
    write_review(tmp_path / "review.csv", decided(first, **marks))
    decisions = list(read_review(tmp_path / "review.csv").values())
    assert len(decisions) == 4
    before = pairs(None, 2)
    applied = apply_reviews(before.candidates[:3] + before.candidates[4:], decisions, before.passages)
    again = rows_to_review(
        Reviewed(
            "anxiety",
            [line for line in applied if "bee 4" not in line.example.question],
            before.passages,
            None,
        ),
        decisions,
        1,
        rejected=False,
    )
    write_review(tmp_path / "again.csv", again)
    assert {row.id: row.decision for row in read_review(tmp_path / "again.csv").values()} == {
        row.id: row.decision for row in decisions
    }
    assert len(again) == 4 + 1
    twice = apply_reviews(applied, list(read_review(tmp_path / "again.csv").values()), before.passages)
    assert sorted(line.model_dump_json() for line in twice) == sorted(
        line.model_dump_json() for line in applied
    )


def test_a_check_tells_what_each_decision_does(tmp_path: Path) -> None:
    rows = rows_to_review(pairs(None, 2, 5), [], None, rejected=True)
    marks = {
        "pair_1": {"decision": "accept"},
        "pair_2": {"decision": "accept"},
        "pair_3": {"decision": "edit", "edited_answer": "It dances."},
        "pair_4": {"decision": "reject"},
        "pair_5": {"decision": "reject"},
    }
    write_review(tmp_path / "review.jsonl", decided(rows, **marks))
    assert check_decisions(tmp_path / "review.jsonl", pairs(None, 2, 5)) == {
        "accept: stays": 1,
        "accept: comes back": 1,
        "edit: gets the new wording": 1,
        "reject: goes": 1,
        "reject: stays out": 1,
    }


def test_a_pair_that_does_not_exist_is_named_with_row_and_column(tmp_path: Path) -> None:
    rows = rows_to_review(pairs(), [], None, rejected=False)
    write_review(tmp_path / "review.csv", decided(rows, pair_3={"decision": "accept"}))
    other = PASSAGE.model_copy(update={"text": "Something else.", "document": "other.pdf"})
    with pytest.raises(DataError, match=r"review\.csv: row \d, column id: q\w+ is no pair of ocd"):
        check_decisions(tmp_path / "review.csv", Reviewed("ocd", [], {other.id: other}, None))


def publish(settings: Settings, kind: type[Artifact], **files: list[Record]) -> dict[str, str]:
    store = Store(settings.store)
    with store.staging() as data:
        for name, records in files.items():
            write_records(data / f"{name}.jsonl", records)
        artifact = store.publish(kind, data, PROVENANCE)
    return {"kind": kind.__name__, "digest": artifact.digest}


@pytest.fixture
def finished(tmp_path: Path) -> Settings:
    """A finished run of which only the parts are there that a review needs."""
    settings = Settings(artifacts=tmp_path / "artifacts")
    folder = settings.runs / "one"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(load_config([SMOKE]).model_dump(mode="json")))
    run = RunFile(
        flow_run="one", started=datetime.now(UTC), host="here", pid=1, configs=(SMOKE,), rebuild=Rebuild()
    )
    (folder / "run.json").write_text(run.model_dump_json())
    parts = {
        "corpus/anxiety": publish(settings, Corpus, passages=[PASSAGE], examples=[]),
        "qa/anxiety": publish(settings, QADataset, candidates=list(pairs(None, 2).candidates)),
        "base_model": {"source": "tiny"},
    }
    (folder / "artifacts.json").write_text(json.dumps(parts))
    (settings.runs / "latest").symlink_to("one")
    return settings


def test_an_unknown_domain_is_refused_with_those_that_are_there(finished: Settings) -> None:
    with pytest.raises(ConfigError, match=r"--domain bees: this run has .*anxiety"):
        open_domain(open_run(None, finished), "bees")


@pytest.mark.slow
def test_the_commands_export_and_check(finished: Settings, tmp_path: Path) -> None:
    command, out = Pipeline(finished.home, 4200), tmp_path / "review.csv"
    domain = ("--domain", "anxiety")
    export = ("review", "export", *domain, "--out", out)
    done = command.call(*export, "--rejected", "--bom", "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"8 pairs in {out}: write accept, edit or reject into `decision`")
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    again = command.call(*export)
    assert again.returncode == 2
    assert "is there already and may hold decisions" in again.stderr
    out.write_text(out.read_text().replace('"kept",""', '"kept","accept"', 1))
    checked = command.call("review", "import", out, *domain)
    assert checked.returncode == 0, checked.stderr
    assert "1  accept: stays" in checked.stdout
    assert f"write `review: {out}` below `domains.anxiety` in the config and run again" in checked.stdout
    out.write_text(out.read_text().replace('"accept"', '"acept"'))
    refused = command.call("review", "import", out, *domain)
    assert refused.returncode == 2
    assert "column decision: `acept` is no decision" in refused.stderr
