"""The doctor: every need is examined, what is broken is reported with what to do, and nothing is raised."""

import re
import socket
import sys
from pathlib import Path

import pytest

from flows.server.doctor import REQUIREMENTS, Check, converter_packages, drift, examine, locked_versions
from tasks.kernel.settings import Settings


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Check]:
    """Examine a machine with no converter, a file for a store, two busy ports and a damaged database."""
    home = tmp_path_factory.mktemp("artifacts")
    (home / "store").write_text("not a folder")
    (home / "mlflow").mkdir()
    (home / "mlflow" / "mlflow.db").write_text("not a database")
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        checks = examine(
            Settings(
                artifacts=home, convert_python=home / "bin" / "python", prefect_port=port, mlflow_port=port
            )
        )
    return {check.name: check for check in checks}


@pytest.mark.models
def test_a_missing_converter_environment_is_reported(broken: dict[str, Check]) -> None:
    check = broken["converter packages"]
    assert not check.ok
    assert "no interpreter at" in check.found
    assert "make install" in check.advice


@pytest.mark.models
@pytest.mark.parametrize("service", ["Prefect", "MLflow"])
def test_a_port_of_another_program_is_reported_with_the_one_that_will_do(
    broken: dict[str, Check], service: str
) -> None:
    check = broken[f"{service} port"]
    assert check.ok
    assert re.search(r"\d+ is in use; \d+ is the next free one", check.found)


@pytest.mark.models
def test_a_store_that_is_no_folder_is_reported(broken: dict[str, Check]) -> None:
    assert not broken["store"].ok
    assert "POCKETMOE_ARTIFACTS" in broken["store"].advice


@pytest.mark.models
def test_a_damaged_tracking_database_is_reported(broken: dict[str, Check]) -> None:
    check = broken["MLflow database"]
    assert not check.ok
    assert "file is not a database" in check.found
    assert "mlflow.db away" in check.advice


@pytest.mark.models
def test_what_is_well_needs_no_advice(broken: dict[str, Check]) -> None:
    for name in ("Python", "pipeline packages", "embedded model", "torch, bitsandbytes", "Prefect"):
        assert broken[name].ok, broken[name]
        assert broken[name].advice == ""


def test_an_interpreter_that_is_none_is_reported(tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho broken >&2; exit 3\n")
    fake.chmod(0o755)
    assert converter_packages(fake)[:2] == (False, "broken")


def test_an_environment_is_compared_with_its_lock() -> None:
    ok, found, advice = converter_packages(Path(sys.executable))
    assert not ok
    assert "ai-edge-quantizer missing instead of" in found
    assert advice == f"run `{sys.executable} -m pip install -r {REQUIREMENTS / 'convert.txt'}`"


def test_versions_are_compared_without_spelling_and_build_tags(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(
        "# locked\nTyping_Extensions==4.16.0  # why\ntorch==2.13.0 ; python_version > '3'\nrich==15.0.0\n"
    )
    locked = locked_versions(lock)
    installed = {"typing-extensions": "4.16.0", "torch": "2.13.0+cpu", "rich": "14.0.0"}
    assert drift(locked, installed) == ["rich 14.0.0 instead of 15.0.0"]
    assert drift({"torch": "2.13.0"}, {}) == ["torch missing instead of 2.13.0"]
