"""Pins long work as it runs: processes ended by SIGKILL, recipes that share replies, a server's budget."""

import logging
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from chat_server import MODEL, ChatServer, TinyChat, serve
from generate_corpus import passages, workspace, write_corpus

from tasks.generate.config import GenerateConfig, JudgingConfig
from tasks.generate.drafting.drafts import DraftingResult, collect_drafts
from tasks.generate.questions.asking import plan_asks
from tasks.generate.run import run
from tasks.generate.task import generate_qa
from tasks.generate.teacher_config import OpenAITeacher, Prices, ScriptedTeacher
from tasks.kernel.artifacts import Corpus, QADataset
from tasks.kernel.execution.attempt import Order, Surroundings
from tasks.kernel.execution.execute import Obtained, obtain
from tasks.kernel.settings import PROJECT, Settings
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.store import Store
from tasks.models.sources import TinyModel

pytestmark = pytest.mark.models
CONFIG = GenerateConfig(
    teacher=ScriptedTeacher(),
    judging=JudgingConfig(language=None),
    min_pairs=20,
    min_test_pairs=5,
    checkpoint_every=2,
)
KILLED = """
import os, signal, sys
from pathlib import Path
from tasks.generate.config import GenerateConfig
from tasks.generate.run import run
from tasks.kernel.workspace import Workspace
corpus, folder, config, moment = sys.argv[1:]
seen = 0
def progress(*_, **__):
    global seen
    seen += 1
    if seen == int(moment):
        os.kill(os.getpid(), signal.SIGKILL)
folder = Path(folder)
work = Workspace(folder / "out", folder / "scratch", progress, folder / "reuse")
run({"corpus": Path(corpus)}, GenerateConfig.model_validate_json(config), work)
"""
PROVENANCE = Provenance(
    key="k", recipe={}, metrics={}, seconds=0, peak_memory_bytes=0, packages={}, git_commit=""
)


def kept(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_ino for path in folder.rglob("*.json")}


def test_a_killed_process_loses_one_group_at_most(corpus: Path, tmp_path: Path) -> None:
    whole, killed = workspace(tmp_path / "whole"), workspace(tmp_path / "killed")
    run({"corpus": corpus}, CONFIG, whole)
    reuse = tmp_path / "killed" / "reuse"
    groups = []
    for moment in (2, 5, 8):
        command = [
            sys.executable,
            "-c",
            KILLED,
            corpus,
            tmp_path / "killed",
            CONFIG.model_dump_json(),
            moment,
        ]
        done = subprocess.run([str(part) for part in command], cwd=PROJECT, check=False)
        assert done.returncode == -9
        groups.append(kept(reuse))
    assert [len(found) for found in groups] == [0, 1, 3]
    assert groups[1].items() <= groups[2].items()
    run({"corpus": corpus}, CONFIG, replace(killed, reuse=reuse))
    assert groups[2].items() <= kept(reuse).items()
    assert {path.name: path.read_bytes() for path in killed.out.iterdir()} == {
        path.name: path.read_bytes() for path in whole.out.iterdir()
    }


def build(settings: Settings, corpus: Corpus, config: GenerateConfig) -> Obtained[QADataset] | None:
    around = Surroundings(logging.getLogger(), lambda _: None)
    return obtain(
        "generate", generate_qa.describe("d", corpus, config), Order("generate:d"), settings, around
    )


def test_recipes_that_differ_in_checks_and_prices_share_their_replies(tmp_path: Path) -> None:
    settings = Settings(artifacts=tmp_path / "artifacts")
    store = Store(settings.store)
    with store.staging() as data:
        write_corpus(data, passages(12), [])
        corpus = store.publish(Corpus, data, PROVENANCE)
    first = build(settings, corpus, CONFIG)
    before = kept(settings.reuse)
    assert len(before) == 6
    judging = JudgingConfig(min_grounded=0.1, language=None)
    teacher = ScriptedTeacher(prices=Prices(input_per_million=1))
    second = build(settings, corpus, CONFIG.model_copy(update={"judging": judging, "teacher": teacher}))
    assert first is not None
    assert second is not None
    assert not second.cached
    assert kept(settings.reuse) == before
    assert not list(settings.scratch.iterdir())


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> TinyChat:
    from tasks.models.tiny import save_tiny_model

    folder = tmp_path_factory.mktemp("tiny")
    save_tiny_model(folder, TinyModel())
    return TinyChat(folder)


def ask(server: ChatServer, folder: Path, requests: int | None) -> DraftingResult:
    teacher = OpenAITeacher(
        base_url=server.url, model_name=MODEL, mode="answer_first", max_new_tokens=4, max_requests=requests
    )
    config = CONFIG.model_copy(update={"teacher": teacher, "pairs_per_passage": 1})
    texts = {passage.id: passage for passage in passages(8)}
    plan = plan_asks(list(texts.values()), config)
    assert [len(group) for group in plan.groups] == [2, 2, 2, 2]
    return collect_drafts(plan, texts, config, None, replace(workspace(folder), reuse=folder / "reuse"))


def test_a_budget_of_requests_stops_and_the_next_run_asks_for_the_rest_alone(
    chat: TinyChat, tmp_path: Path
) -> None:
    with serve(chat) as server:
        first = ask(server, tmp_path, 5)
        assert first.stopped_by == "5 requests (max_requests)"
        assert len(first.drafts) == len(server.received) == 4
        second = ask(server, tmp_path, 5)
        assert second.stopped_by == ""
        assert second.drafts[:4] == first.drafts
        sent = Counter(request.body["messages"][-1]["content"] for request in server.received)
        assert len(sent) == sent.total() == 8
