"""A finished run that has a router and bundles, for the tests of what an app is given."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from published_router import PROVENANCE, publish_run

from tasks.kernel.artifacts import EdgeAdapter, EdgeBase, EdgeModel
from tasks.kernel.settings import Settings
from tasks.kernel.storage.store import Store
from tasks.router_runtime.policy import Policy


def publish_system(
    home: Path,
    bundle: Path | None,
    domains: Sequence[str] = ("anxiety", "ocd"),
    policy: Policy | None = None,
) -> Path:
    """Return the run's folder; every domain has the same `bundle`, or a folder without one."""
    run = publish_run(home, policy=policy)
    store = Store(Settings(artifacts=home).store)
    parts = json.loads((run / "artifacts.json").read_text())
    for domain in domains:
        with store.staging() as data:
            if bundle:
                shutil.copyfile(bundle, data / "model.litertlm")
            (data / "sizes.json").write_text("{}")
            digest = store.publish(EdgeModel, data, PROVENANCE).digest
        parts[f"edge/{domain}"] = {"kind": "EdgeModel", "digest": digest}
    (run / "artifacts.json").write_text(json.dumps(parts))
    return run


def publish_shared(home: Path, parts: Mapping[str, Mapping[str, Path]], apart: str = "edge-adapter") -> None:
    """Add a shared `base` and adapters, by domain, to the newest run: what their files hold.

    Adapters stand beside bundles, or are their domain's `edge` where there are none.
    """
    run, store = home / "runs" / "latest", Store(Settings(artifacts=home).store)
    listed = json.loads((run / "artifacts.json").read_text())
    for name, files in parts.items():
        kind = EdgeBase if name == "base" else EdgeAdapter
        with store.staging() as data:
            for file, source in files.items():
                shutil.copyfile(source, data / file)
            digest = store.publish(kind, data, PROVENANCE).digest
        part = "edge-base" if name == "base" else f"{apart}/{name}"
        listed[part] = {"kind": kind.__name__, "digest": digest}
    (run / "artifacts.json").write_text(json.dumps(listed))
