"""A finished run that has a router and nothing else, for the tests of commands."""

import json
from pathlib import Path

import numpy as np

from tasks.kernel.artifacts import Router as RouterArtifact
from tasks.kernel.settings import Settings
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.store import Store
from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.ngrams import Ngrams
from tasks.router_runtime.policy import Policy
from tasks.router_runtime.router import Router
from tasks.router_runtime.router_files import save_router

PROVENANCE = Provenance(
    key="k", recipe={}, metrics={}, seconds=0, peak_memory_bytes=0, packages={}, git_commit=""
)


def publish_run(home: Path, predictions: str = "", policy: Policy | None = None) -> Path:
    """Return the run's folder; "panic" and "rituals" are the only words that its router knows."""
    words = Ngrams(analyzer="word", ngram_range=(1, 1), vocabulary=("panic", "rituals"))
    scorer = LinearScorer((words,), 3 * np.eye(2), np.zeros(2), np.ones(2))
    settings = Settings(artifacts=home)
    store = Store(settings.store)
    with store.staging() as data:
        save_router(
            Router(("anxiety", "ocd"), scorer, policy=policy or Policy()), "tfidf-reference", {}, data
        )
        (data / "predictions.jsonl").write_text(predictions)
        published = store.publish(RouterArtifact, data, PROVENANCE)
    latest = settings.runs / "latest"
    latest.mkdir(parents=True)
    parts = {"base_model": {"source": "tiny"}, "router": {"kind": "Router", "digest": published.digest}}
    (latest / "artifacts.json").write_text(json.dumps(parts))
    return latest
