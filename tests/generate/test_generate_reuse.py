"""Pins what is asked: nothing twice, whatever was killed, damaged or changed, and the bytes stay the same."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from generate_corpus import passages, workspace, write_corpus

from tasks.generate.config import GenerateConfig, JudgingConfig
from tasks.generate.drafting.drafts import collect_drafts
from tasks.generate.drafting.groups import group_seed
from tasks.generate.pairs import Ask
from tasks.generate.questions.asking import plan_asks
from tasks.generate.run import run
from tasks.generate.task import generate_qa
from tasks.generate.teacher_config import OpenAITeacher, Prices, ScriptedTeacher
from tasks.kernel.artifacts import Corpus
from tasks.kernel.job import job_recipe, reuse_key
from tasks.kernel.workspace import Workspace, silent
from tasks.records.corpus import Passage

CONFIG = GenerateConfig(
    teacher=ScriptedTeacher(),
    judging=JudgingConfig(language=None),
    min_pairs=20,
    min_test_pairs=5,
    checkpoint_every=2,
)


class KilledError(Exception):
    """Stands for a signal."""


def kill_after(replies: int) -> Callable[..., None]:
    def progress(done: int, total: int, unit: str, **metrics: float) -> None:  # noqa: ARG001  # a protocol
        if done >= replies:
            raise KilledError

    return progress


def slow(seconds: float) -> Callable[..., None]:
    return lambda *_, **__: time.sleep(seconds)


def shared(folder: Path, name: str, progress: Callable[..., None] = silent) -> Workspace:
    """Return the workspace of a recipe of its own, which shares what was asked with others in `folder`."""
    own = workspace(folder / name, progress)
    return Workspace(own.out, own.scratch, own.progress, folder / "reuse")


def output(work: Workspace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(work.out.iterdir())}


def kept(folder: Path) -> dict[Path, int]:
    """Return the files of what was asked, each with a number that changes when it is written again."""
    return {path: path.stat().st_ino for path in (folder / "reuse").glob("[!.]*")}


def document(name: str, digest: str, count: int) -> list[Passage]:
    return [
        passage.model_copy(
            update={
                "id": f"{digest}-{at:04d}",
                "document": name,
                "document_digest": digest,
                "text": passage.text.replace("shapes", f"{name[:1]}shapes"),
            }
        )
        for at, passage in enumerate(passages(count))
    ]


@pytest.mark.parametrize("replies", [0, 1, 17, 41, 80, 95, 96])
def test_a_run_killed_at_any_moment_resumes_to_the_same_bytes(
    corpus: Path, tmp_path: Path, replies: int
) -> None:
    whole, killed = workspace(tmp_path / "whole"), shared(tmp_path, "killed", kill_after(replies))
    run({"corpus": corpus}, CONFIG, whole)
    with pytest.raises(KilledError):
        run({"corpus": corpus}, CONFIG, killed)
    before = kept(tmp_path)
    again = shared(tmp_path, "killed")
    run({"corpus": corpus}, CONFIG, again)
    assert output(again) == output(whole)
    assert len(before) >= replies // 16 - 1
    assert before.items() <= kept(tmp_path).items()


def test_a_new_document_asks_for_its_own_passages_alone(tmp_path: Path) -> None:
    old = document("b.pdf", "bbbb0000", 6) + document("c.pdf", "cccc0000", 5)
    new = document("a.pdf", "aaaa0000", 4)
    few = write_corpus(tmp_path / "few", old, [])
    more = write_corpus(tmp_path / "more", [*new, *old], [])
    run({"corpus": few}, CONFIG, shared(tmp_path, "first"))
    before = kept(tmp_path)
    second, whole = shared(tmp_path, "second"), workspace(tmp_path / "whole")
    run({"corpus": more}, CONFIG, second)
    after = kept(tmp_path)
    assert len(before) == 3 + 3
    assert before.items() <= after.items()
    assert len(after) - len(before) == 2
    run({"corpus": more}, CONFIG, whole)
    assert output(second) == output(whole)


def test_a_changed_check_asks_nothing(corpus: Path, tmp_path: Path) -> None:
    run({"corpus": corpus}, CONFIG, shared(tmp_path, "first"))
    before = kept(tmp_path)
    judging = JudgingConfig(min_grounded=0.1, language=None)
    changed = CONFIG.model_copy(update={"judging": judging, "min_pairs": 10, "test_share": 0.3})
    again = shared(tmp_path, "second", kill_after(0))
    run({"corpus": corpus}, changed, again)
    assert kept(tmp_path) == before


def test_another_seed_asks_anew(corpus: Path, tmp_path: Path) -> None:
    run({"corpus": corpus}, CONFIG, shared(tmp_path, "first"))
    before = kept(tmp_path)
    run({"corpus": corpus}, CONFIG.model_copy(update={"seed": 7}), shared(tmp_path, "second"))
    assert len(kept(tmp_path)) == 2 * len(before)


@pytest.mark.parametrize("harm", ["cut", "letter", "empty", "other"])
def test_a_damaged_file_is_asked_again_and_named(
    corpus: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, harm: str
) -> None:
    whole = shared(tmp_path, "whole")
    run({"corpus": corpus}, CONFIG, whole)
    before = kept(tmp_path)
    path, other = sorted(before)[:2]
    content = path.read_bytes()
    damaged = {
        "cut": content[:-40],
        "letter": content.replace(b"What is known", b"What was known", 1),
        "empty": b"",
        "other": other.read_bytes(),
    }
    path.write_bytes(damaged[harm])
    again = shared(tmp_path, "again")
    run({"corpus": corpus}, CONFIG, again)
    assert f"{path}: damaged; its passages are asked again" in caplog.text
    assert output(again) == output(whole)
    assert {path for path, number in kept(tmp_path).items() if number != before[path]} == {path}


def test_two_runs_at_once_leave_whole_files_and_equal_bytes(corpus: Path, tmp_path: Path) -> None:
    works = [shared(tmp_path, str(number)) for number in range(4)]
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda work: run({"corpus": corpus}, CONFIG, work), works))
    assert len({frozenset(output(work).items()) for work in works}) == 1
    assert {path.suffix for path in kept(tmp_path)} == {".json"}
    run({"corpus": corpus}, CONFIG, shared(tmp_path, "later", kill_after(0)))


def test_what_was_used_is_marked_as_used(corpus: Path, tmp_path: Path) -> None:
    run({"corpus": corpus}, CONFIG, shared(tmp_path, "first"))
    for path in kept(tmp_path):
        os.utime(path, (1000, 1000))
    run({"corpus": corpus}, CONFIG, shared(tmp_path, "second"))
    assert all(path.stat().st_mtime > 1000 for path in kept(tmp_path))


def test_the_time_of_asking_outlives_the_run_and_stays_out_of_the_output(
    tmp_path: Path,
) -> None:
    texts = {passage.id: passage for passage in passages(12)}
    plan = plan_asks(list(texts.values()), CONFIG)
    first = collect_drafts(plan, texts, CONFIG, None, shared(tmp_path, "first", slow(0.002)))
    second = collect_drafts(plan, texts, CONFIG, None, shared(tmp_path, "second", slow(9)))
    assert 0.01 < first.seconds == second.seconds < 5
    assert first.drafts == second.drafts


def test_what_a_group_draws_with_is_its_own() -> None:
    asks = [Ask(passage=f"p{at}") for at in range(3)]
    assert group_seed(1, asks[:2]) == group_seed(1, [asks[1], asks[0], asks[1]])
    seeds = {group_seed(1, asks), group_seed(1, asks[:2]), group_seed(1, asks[1:]), group_seed(2, asks)}
    assert len(seeds) == 4
    assert max(seeds) < 2**32


REMOTE = OpenAITeacher(base_url="http://127.0.0.1:8000/v1", model_name="qwen")


def key(teacher: OpenAITeacher) -> str:
    job = generate_qa.describe("d", Corpus(digest="0" * 64), GenerateConfig(teacher=teacher))
    assert job.reuse is not None
    return reuse_key("generate", job.reuse)


@pytest.mark.parametrize(
    "changed", [{"prices": Prices(input_per_million=3)}, {"max_requests": 9}, {"concurrency": 2}]
)
def test_replies_are_the_same_whatever_they_cost_and_however_they_are_fetched(
    changed: dict[str, object],
) -> None:
    assert key(REMOTE.model_copy(update=changed)) == key(REMOTE)


@pytest.mark.parametrize("changed", [{"temperature": 0.1}, {"model_name": "phi"}, {"mode": "answer_first"}])
def test_replies_depend_on_who_is_asked_and_how(changed: dict[str, object]) -> None:
    assert key(REMOTE.model_copy(update=changed)) != key(REMOTE)


@pytest.mark.parametrize(
    ("changed", "counts"),
    [({"concurrency": 2}, False), ({"timeout_seconds": 9}, False), ({"max_requests": 9}, True)],
)
def test_where_and_how_is_no_part_of_a_cache_key(changed: dict[str, object], *, counts: bool) -> None:
    one, other = (
        job_recipe("generate", generate_qa.describe("d", Corpus(digest="0" * 64), config))
        for config in (
            GenerateConfig(teacher=REMOTE),
            GenerateConfig(teacher=REMOTE.model_copy(update=changed)),
        )
    )
    assert (one != other) is counts
