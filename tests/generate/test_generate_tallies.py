"""Pins the funnel: whatever happens to a pair, the counts of every passage and document come out even."""

import json
from pathlib import Path

import pytest
from generate_account import invented, library
from generate_corpus import workspace

from tasks.generate.account.page_coverage import read_sources
from tasks.generate.account.tallies import Account, Tally, by_document, tallies, total
from tasks.generate.account.write import write_dataset
from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import kept
from tasks.generate.teacher_config import Prices, ScriptedTeacher
from tasks.kernel.workspace import Metrics
from tasks.records.corpus import Passage

CONFIG = GenerateConfig(
    teacher=ScriptedTeacher(prices=Prices(input_per_million=10, output_per_million=1000)),
)
PASSAGES = library(3, 6)


def written(folder: Path, account: Account, passages: list[Passage] = PASSAGES) -> Metrics:
    work = workspace(folder)
    return write_dataset(work.out, account, passages, read_sources(folder, passages), CONFIG)


def assert_even(counts: dict[str, int], rejected: dict[str, int], skipped: dict[str, int]) -> None:
    assert counts["planned"] == counts["asked"] + counts["not_asked"]
    assert counts["asked"] == counts["no_reply"] + counts["returned"]
    assert counts["returned"] + counts["surplus"] == counts["unread"] + counts["parsed"]
    given = counts["examples"] + counts["restored"]
    assert counts["parsed"] + given == counts["kept"] + sum(rejected.values())
    assert counts["kept"] == counts["train"] + counts["validation"] + counts["test"] + counts["recall"]
    assert counts["sentences"] == counts["used"] + sum(skipped.values())


@pytest.mark.parametrize("seed", range(40))
def test_asked_is_the_sum_of_all_fates_for_every_passage_document_and_the_domain(
    seed: int, tmp_path: Path
) -> None:
    account = invented(PASSAGES, seed)
    parts = tallies(account, PASSAGES)
    documents = by_document(parts, PASSAGES)
    whole = total(parts.values())
    for funnel in (*parts.values(), *documents.values(), whole):
        assert_even(funnel.counts, funnel.rejected, funnel.skipped)
    assert total(documents.values()) == whole
    assert whole.counts["asked"] == sum(draft.ask.count for draft in account.drafted.drafts)
    assert whole.counts["kept"] == len(kept(account.candidates))
    assert whole.counts["passages"] + whole.counts["not_sampled"] == len(PASSAGES)
    written(tmp_path, account)
    content = json.loads((tmp_path / "out/funnel.json").read_bytes())
    for part in (content, *content["documents"]):
        assert_even(part, part["rejected"], part["skipped"])


def test_all_that_can_happen_to_a_pair_happens_in_these_tests() -> None:
    found = total(part for seed in range(40) for part in tallies(invented(PASSAGES, seed), PASSAGES).values())
    assert [name for name, count in found.figures().items() if not count] == []


def test_pairs_of_a_passage_that_is_gone_are_counted_as_restored() -> None:
    account = invented(PASSAGES, 1)
    gone = account.candidates[0].model_copy(
        update={
            "example": account.candidates[0].example.model_copy(update={"id": "x", "passage": "gone"}),
        }
    )
    lost = Account(account.plan, account.drafted, account.parsed, account.ready, [*account.candidates, gone])
    assert total(tallies(lost, PASSAGES).values()).counts["restored"] >= 1


def test_a_second_of_asking_changes_figures_and_no_file(tmp_path: Path) -> None:
    account = invented(PASSAGES, 3)
    slow = Account(
        account.plan,
        type(account.drafted)(account.drafted.drafts, 99.0, account.drafted.stopped_by),
        account.parsed,
        account.ready,
        account.candidates,
    )
    one, other = written(tmp_path / "one", account), written(tmp_path / "other", slow)
    assert {name for name in one if one[name] != other[name]} == {"asking_seconds", "seconds_per_kept_pair"}
    for path in (tmp_path / "one/out").iterdir():
        assert path.read_bytes() == (tmp_path / "other/out" / path.name).read_bytes()


def test_figures_name_costs_and_yields_by_kept_pair(tmp_path: Path) -> None:
    account = invented(PASSAGES, 5)
    metrics = written(tmp_path, account)
    written_pairs = sum(bool(example.passage) for example in kept(account.candidates))
    prompts = len(account.drafted.drafts)
    assert metrics["input_tokens"] == 100 * prompts
    assert metrics["money"] == pytest.approx(prompts * (100 * 10 + 7 * 1000) / 1e6)
    assert metrics["money_per_kept_pair"] == pytest.approx(metrics["money"] / written_pairs)
    assert metrics["tokens_per_kept_pair"] == pytest.approx(107 * prompts / written_pairs)
    assert metrics["seconds_per_kept_pair"] == pytest.approx(3.5 / written_pairs)
    assert metrics["words"] == 10 * len(PASSAGES)
    assert metrics["kept_pairs_per_100_words"] == pytest.approx(100 * written_pairs / metrics["words"])
    assert all(isinstance(value, (int, float)) for value in metrics.values())


def test_a_domain_without_documents_has_figures_without_ratios(tmp_path: Path) -> None:
    account = invented(PASSAGES, 2)
    rows = [one for one in account.candidates if not one.example.passage]
    alone = Account(
        type(account.plan)([], 0, 0, type(account.plan.skipped)(), {}),
        type(account.drafted)([]),
        type(account.parsed)([], 0, 0, 0),
        len(rows),
        rows,
    )
    metrics = written(tmp_path, alone, [])
    assert metrics["examples"] == len(rows) > 0
    assert not {"kept_pairs_per_100_words", "seconds_per_kept_pair", "page_coverage"} & metrics.keys()
    assert json.loads((tmp_path / "out/coverage.json").read_bytes()) == []
    assert Tally().figures()["kept"] == 0
