"""Whatever stage fails, the run ends Failed, names it, builds all that does not need it, and can go on."""

import re
from pathlib import Path

import httpx
import pytest
from faulty import TWO, Home
from pypdf import PdfWriter

pytestmark = pytest.mark.integration

TOLERANT = "merge: {max_mean_kl: 0.01}"
STRICT = "merge: {max_mean_kl: 1.0e-30}"
FAILURES = {
    "ingest:ocd": "domains: {ocd: {documents: EMPTY}}",
    "generate:ocd": "domains: {ocd: {generate: {min_pairs: 100000}}}",
    "route": "route: {router: {kind: tfidf-reference, min_df: 100000}}",
    "finetune:ocd": "domains: {ocd: {finetune: {max_length: 16}}}",
    "finetune:generalist": "generalist: {finetune: {max_length: 16}}",
    "merge:ocd": f"domains: {{ocd: {{{STRICT}}}}}",
    "merge:generalist": f"{STRICT}\ndomains: {{anxiety: {{{TOLERANT}}}, ocd: {{{TOLERANT}}}}}",
    "heal:ocd": "domains: {ocd: {convert: {quantization: dynamic_int4_block128}}}",
    "convert:ocd": "domains: {ocd: {heal: {kind: none}, convert: {quantization: dynamic_int4_block128}}}",
    "chain:ocd": "domains: {ocd: {chain: {int4: {max_mean_kl: 1.0e-30}}}}",
    "evaluate": "evaluate: {seed: 7}",
}
"""What makes each stage fail while it runs; evaluation accepts everything, and is given too little time."""

AFTER = ["ingest", "generate", "finetune", "merge", "heal", "convert", "chain"]


@pytest.mark.parametrize(
    "label",
    [pytest.param(label, marks=pytest.mark.faults if "generalist" in label else ()) for label in FAILURES],
)
def test_a_failing_stage_never_ends_green(copied: Home, tmp_path: Path, label: str) -> None:
    change = tmp_path / "change.yaml"
    change.write_text(FAILURES[label].replace("EMPTY", str(wordless(tmp_path))))
    before = copied.references()
    hurry = {"POCKETMOE_STAGE_TIMEOUT": "0.5"} if label == "evaluate" else {}

    done = copied.run(TWO, change, **hurry)

    assert done.code in {1, 2}
    assert re.search(rf"^(error: )?{label}: \S+", done.text(), re.MULTILINE), done.text()
    newest = copied.newest()
    assert newest is not None
    assert f"pocketmoe retry {newest.name}" in done.text()
    rows = copied.rows()
    assert copied.report()["status"] == "failed"
    assert rows[label]["status"] == "failed"
    assert rows[label]["reason"]
    skipped = {name for name, row in rows.items() if row["status"] == "skipped"}
    assert skipped == waiting_for(label)
    assert {row["status"] for name, row in rows.items() if name not in skipped | {label}} <= {
        "built",
        "cached",
    }
    assert all(before.get(name) == part for name, part in copied.references().items() if "anxiety" in name)
    assert flow_state(copied, newest) == "Failed"
    assert copied.leftovers() == []


def waiting_for(label: str) -> set[str]:
    """Return what needs the artifact of `label`, directly or not."""
    stage, _, domain = label.partition(":")
    if stage == "evaluate":
        return set()
    own = {f"{name}:{domain}" for name in AFTER[AFTER.index(stage) + 1 :]} if domain else set()
    if domain == "generalist":
        own -= {"heal:generalist", "convert:generalist", "chain:generalist"}
    fan_in = (
        {"route", "finetune:generalist", "merge:generalist"} if stage in {"ingest", "generate"} else set()
    )
    return own | fan_in | {"evaluate"}


def wordless(folder: Path) -> Path:
    """Write a PDF without a word."""
    writer = PdfWriter()
    writer.add_blank_page(width=200, height=200)
    path = folder / "wordless.pdf"
    writer.write(path)
    return path


def flow_state(home: Home, folder: Path) -> str:
    """Return what Prefect says of the run."""
    name = folder.name.rsplit("-", 1)[1]
    runs = httpx.post(f"{home.api}/flow_runs/filter", json={}, timeout=30).json()
    return next(run["state_name"] for run in runs if run["id"].startswith(name))
