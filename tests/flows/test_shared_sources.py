"""Pins that one file in several domains is found by its bytes, told of, and drawn alike."""

import os
import shutil
from pathlib import Path
from unittest.mock import patch

import pytest

from flows.config import Config
from flows.plan import plan
from flows.report.cautions import cautions
from flows.report.collect import collect
from flows.report.schema import DomainReport, Report, RunFacts
from flows.report.shared_documents import near_copies
from flows.server.local import prepare_environment
from flows.shared_sources import file_warnings, generation, shared_files
from tasks.kernel.settings import PROJECT, Settings
from tasks.kernel.user_files import user_files
from tasks.records.corpus import Passage
from tasks.records.files import write_records
from tasks.records.funnel import Funnel

PDF = PROJECT / "examples" / "library" / "anxiety" / "understanding-anxiety.pdf"
DATA = '{"q": "What is it?", "a": "A tool."}\n'


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Two domains with one document under two names, and one of each domain's own."""
    for name, file in (("anxiety", "a.pdf"), ("worry", "deep/renamed.pdf")):
        (tmp_path / name / "deep").mkdir(parents=True)
        shutil.copy(PDF, tmp_path / name / file)
        (tmp_path / name / "own.txt").write_text(f"Something that only {name} has.")
    (tmp_path / "anxiety" / ".hidden").write_text("x")
    (tmp_path / "worry" / ".hidden").write_text("x")
    return tmp_path


def load(root: Path, **domain: object) -> Config:
    domains: dict[str, dict[str, object]] = {
        "anxiety": {"documents": str(root / "anxiety")},
        "worry": {"documents": str(root / "worry"), **domain},
    }
    return Config.model_validate({"name": "shared", "domains": domains})


def test_a_renamed_copy_is_found_and_told_at_the_plan(library: Path, tmp_path: Path) -> None:
    config = load(library)
    (found,) = shared_files(config)
    assert found.names == {"anxiety": "a.pdf", "worry": "deep/renamed.pdf"}
    rows = {
        f"{row.stage}:{row.domain}": row for row in plan(config, Settings(artifacts=tmp_path / "artifacts"))
    }
    told = (
        "a.pdf (anxiety) is the same file as deep/renamed.pdf (worry): its passages stand on one side in all"
        " of them; one domain should have it"
    )
    assert rows["ingest:anxiety"].warnings == rows["ingest:worry"].warnings == (told,)
    assert not rows["generate:anxiety"].warnings


def test_both_domains_draw_by_the_same_rule(library: Path) -> None:
    config = load(library, generate={"seed": 7, "test_share": 0.3})
    one, other = (generation(config, name, shared_files(config)).shared for name in ("anxiety", "worry"))
    assert one == other
    assert one is not None
    assert len(one.documents) == 1
    assert (one.seed, one.test_share, one.whole, one.examples) == (42, 0.15, (), False)


@pytest.mark.parametrize(
    "domain", [{"ingest": {"passage_words": 200}}, {"generate": {"split_by": "document"}}]
)
def test_a_copy_that_is_cut_or_split_otherwise_is_trained_on(
    library: Path, domain: dict[str, object]
) -> None:
    config = load(library, **domain)
    (found,) = shared_files(config)
    assert "all of it is trained on" in found.told()
    shared = generation(config, "anxiety", [found]).shared
    assert shared is not None
    assert (len(shared.documents), len(shared.whole)) == (0, 1)


def test_domains_of_their_own_share_nothing(library: Path) -> None:
    shutil.rmtree(library / "worry" / "deep")
    config = load(library)
    assert shared_files(config) == []
    assert generation(config, "anxiety", []) == config.generate_of("anxiety")


def test_the_plan_follows_links_and_names_what_cannot_be_read(library: Path, tmp_path: Path) -> None:
    (library / "worry" / "deep").rename(library / "store")
    (library / "worry" / "deep").symlink_to(library / "store")
    (library / "worry" / "gone.pdf").symlink_to("nowhere")
    os.mkfifo(library / "worry" / "pipe.pdf")
    Path(os.fsdecode(bytes(library) + b"/worry/caf\xe9.txt")).write_text("x")
    config = load(library)
    assert [file.names for file in shared_files(config)] == [
        {"anxiety": "a.pdf", "worry": "deep/renamed.pdf"}
    ]
    rows = {row.domain: row for row in plan(config, Settings(artifacts=tmp_path / "artifacts")) if row.key}
    told = rows["worry"].warnings
    assert told[0] == "gone.pdf: leads to no file; mend or remove the link"
    assert told[1] == "pipe.pdf: a pipe and no file; remove it"
    assert "a.pdf (anxiety) is the same file as deep/renamed.pdf (worry)" in told[2]
    for number in range(12):
        (library / "worry" / f"gone {number}").symlink_to("nowhere")
    assert "and 4 more that cannot be read" in file_warnings(config)["ingest:worry"]


def test_the_artifacts_folder_is_no_part_of_a_library(tmp_path: Path) -> None:
    with patch.dict(os.environ):
        prepare_environment(Settings(artifacts=tmp_path / "library" / "artifacts"))
    (tmp_path / "library" / "artifacts" / "record.txt").write_text("x")
    (tmp_path / "library" / "a.txt").write_text("x")
    assert [file.name for file in user_files(tmp_path / "library")] == ["a.txt"]


def test_what_is_missing_is_left_to_its_stage(library: Path) -> None:
    shutil.rmtree(library / "worry")
    assert shared_files(load(library)) == []


def test_a_data_set_in_two_domains_is_drawn_alike_where_both_read_it_alike(tmp_path: Path) -> None:
    def config(other: str) -> Config:
        domains = {}
        for name, question in (("one", "q"), ("two", other)):
            (tmp_path / f"{name}.jsonl").write_text(DATA)
            path = str(tmp_path / f"{name}.jsonl")
            domains[name] = {"dataset": {"path": path, "question": question, "answer": "a"}}
        return Config.model_validate({"name": "shared", "domains": domains})

    alike = config("q")
    shared = generation(alike, "one", shared_files(alike)).shared
    assert shared is not None
    assert shared.examples
    otherwise = config("Say: {q}")
    (found,) = shared_files(otherwise)
    assert "which read it differently" in found.told()
    assert generation(otherwise, "one", [found]).shared is None


def corpus(folder: Path, document: str, digest: str, text: str) -> Path:
    folder.mkdir(parents=True)
    passage = Passage(
        id=f"{digest}-0", document=document, document_digest=digest, pages=(1, 1), text=text, overlap_chars=0
    )
    write_records(folder / "passages.jsonl", [passage])
    (folder / "documents.json").write_text("[]")
    return folder


def warnings(root: Path, one: tuple[str, str], other: tuple[str, str]) -> list[str]:
    folders = {
        "corpus/anxiety": corpus(root / "1", "a.pdf", *one),
        "corpus/worry": corpus(root / "2", "b.pdf", *other),
    }
    config: dict[str, object] = {"domains": {"anxiety": {}, "worry": {}}}
    report = collect(folders, [], config, RunFacts(status="completed", seconds=1))
    return [sentence for sentence in report.warnings if "a.pdf" in sentence]


SENTENCES = [f"The {word} valley lies below a long ridge of old stones." for word in "abcdefghij"]


def test_the_report_tells_of_copies_and_of_near_copies(tmp_path: Path) -> None:
    text = " ".join(SENTENCES)
    (same,) = warnings(tmp_path / "same", ("d1", text), ("d1", text))
    assert same.startswith("anxiety and worry: a.pdf and b.pdf are one document.")
    changed = " ".join(["A new preface of the second edition stands here.", *SENTENCES[2:], "And an end."])
    (near,) = warnings(tmp_path / "near", ("d1", text), ("d2", changed))
    assert near.startswith("anxiety and worry: 89 % of the sentences of a.pdf stand in b.pdf too.")
    other = " ".join([*SENTENCES[:2], *(sentence.replace("valley", "castle") for sentence in SENTENCES[2:])])
    assert warnings(tmp_path / "other", ("d1", text), ("d2", other)) == []
    folders = {f"corpus/{name}": tmp_path / "near" / at for name, at in (("anxiety", "1"), ("worry", "2"))}
    assert near_copies(folders, ["anxiety", "worry"]) == {"anxiety": [near], "worry": [near]}


@pytest.mark.parametrize(("leaked", "told"), [(25, ""), (30, "30 of 100 training pairs were left out")])
def test_the_report_tells_of_pairs_that_leak_checks_take(leaked: int, told: str) -> None:
    funnel = Funnel(train=100 - leaked, rejected={"leaks_to_held_out": leaked - 5, "in_benchmark": 5})
    part = DomainReport(funnel=funnel)
    found = cautions(Report(status="completed", seconds=1, config={}, domains={"reviews": part}))
    assert [sentence for sentence in found if "resemble" in sentence and told in sentence] == (
        [f"reviews: {told} because they resemble held-out pairs or a benchmark."] if told else []
    )
