"""Pins the router's folder: what is damaged or from another router is refused by name, never run."""

import json
from hashlib import sha256
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from route_library import FAST, WORDS, questions_of, write_library

from tasks.kernel.errors import DataError
from tasks.route.config import RouteConfig
from tasks.route.kinds.fit import fit_router
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.single_config import TfidfReferenceRouter
from tasks.router_runtime.router_files import RouterFile, load_router, save_router


@pytest.fixture(scope="module")
def routers(tmp_path_factory) -> Path:
    """A folder with the routers `one` and `two`, of different widths."""
    folder = tmp_path_factory.mktemp("routers")
    train = questions_of(write_library(folder / "library", list(WORDS)), "train")
    for name, kind in (("one", FAST), ("two", TfidfReferenceRouter(max_features=20))):
        router = fit_router(train, RouteConfig(router=kind), Resources({}, folder))
        save_router(router, kind.kind, {}, folder / name)
    return folder


@pytest.fixture
def folder(tmp_path, routers) -> Path:
    return copytree(routers / "one", tmp_path / "router")


@pytest.mark.parametrize("name", ["weights.npz", "router.json"])
@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_a_damaged_router_names_its_file(folder, name, damage) -> None:
    path = folder / name
    match damage:
        case "missing":
            path.unlink()
        case "cut":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        case "other":
            path.write_text("{}")
    with pytest.raises(DataError, match=rf"{name}.*run the route stage again"):
        load_router(folder)


def test_a_changed_threshold_is_refused(folder) -> None:
    stored = json.loads((folder / "router.json").read_text())
    stored["router"]["policy"]["min_confidence"] = 0.5
    (folder / "router.json").write_text(json.dumps(stored))
    with pytest.raises(DataError, match="changed since it was written"):
        load_router(folder)


def name_weights(folder: Path) -> None:
    """Write the digests of the files into router.json, as whoever forges all of them would."""
    stored = RouterFile.model_validate_json((folder / "router.json").read_bytes())
    files = {name: sha256((folder / name).read_bytes()).hexdigest() for name in stored.files}
    forged = stored.model_copy(update={"files": files})
    forged = forged.model_copy(update={"sha256": forged.digest()})
    (folder / "router.json").write_text(forged.model_dump_json())


class Payload:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_a_pickle_inside_the_weights_is_not_run(tmp_path, folder) -> None:
    payload = np.array([Payload(tmp_path / "run")])
    np.savez(folder / "weights.npz", coef=payload, intercept=[0.0], idf=[0.0])
    name_weights(folder)
    with pytest.raises(DataError, match="not a router's weights"):
        load_router(folder)
    assert not (tmp_path / "run").exists()


def test_weights_of_another_router_are_refused(routers, folder) -> None:
    (folder / "weights.npz").write_bytes((routers / "two/weights.npz").read_bytes())
    with pytest.raises(DataError, match="SHA-256 differs"):
        load_router(folder)
    name_weights(folder)
    with pytest.raises(DataError, match="shape"):
        load_router(folder)
