"""The compose file: valid, closed to other machines, pinned, and in step with the settings that it sets."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.kernel.settings import PROJECT, Settings

COMPOSE = PROJECT / "docker-compose.yml"
GPU = PROJECT / "deploy" / "docker-compose.gpu.yml"
TEXT = COMPOSE.read_text(encoding="utf-8")
TREE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = TREE["services"]
USED = {match[1]: match[2] for match in re.finditer(r"\$\{(\w+)([^}]*)\}", TEXT)}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|ACCESS_KEY|AUTH|PGPASS")

each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


@pytest.mark.parametrize("file", [COMPOSE, GPU], ids=lambda file: file.name)
def test_it_follows_the_schema_of_the_compose_specification(file: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_docker_itself_accepts_it(tmp_path: Path) -> None:
    docker = shutil.which("docker") or ""
    if not docker or subprocess.run([docker, "compose"], capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not installed")
    variables = tmp_path / "env"
    variables.write_text("".join(f"{name}=1\n" for name in USED))
    command = [docker, "compose", "--env-file", variables, "-f", COMPOSE, "-f", GPU, "config", "--quiet"]
    subprocess.run(command, check=True)


@pytest.mark.slow
def test_every_prefect_variable_is_a_setting_of_prefect() -> None:
    assert {name for name in variables() if name.startswith("PREFECT_")} <= prefect_settings()


def test_every_variable_of_ours_is_a_setting_of_ours() -> None:
    ours = {f"POCKETMOE_{field.upper()}" for field in Settings.model_fields}
    assert {name for name in {*variables(), *USED} if name.startswith("POCKETMOE_")} <= ours


@pytest.mark.slow
def test_every_variable_of_mlflow_is_one_that_mlflow_reads() -> None:
    import mlflow

    source = Path(mlflow.__file__).parent
    read = "".join((source / name).read_text() for name in ("environment_variables.py", "cli/__init__.py"))
    assert [name for name in variables() if name.startswith("MLFLOW_") and f'"{name}"' not in read] == []


def test_both_halves_of_the_server_agree() -> None:
    api, services = (SERVICES[name]["environment"] for name in ("prefect-api", "prefect-services"))
    assert services.items() <= api.items()
    assert {name for name in api if name not in services} == {
        "PREFECT_SERVER_API_HOST",
        "PREFECT_SERVER_API_PORT",
        "PREFECT_SERVER_UI_API_URL",
    }


@each_service
def test_every_port_is_open_to_this_machine_alone(service: dict[str, Any]) -> None:
    assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))
    assert service.get("network_mode") != "host"


@each_service
def test_every_image_is_pinned(service: dict[str, Any]) -> None:
    assert re.search(r":v?\d+\.\d+", service["image"])
    assert "latest" not in service["image"]


@each_service
def test_every_service_has_a_health_check_and_comes_back(service: dict[str, Any]) -> None:
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert service["restart"] == "unless-stopped"


@each_service
def test_every_service_waits_for_the_health_of_what_it_needs(service: dict[str, Any]) -> None:
    needs = service.get("depends_on", {})
    assert set(needs) <= set(SERVICES)
    assert all(need["condition"] == "service_healthy" for need in needs.values())


@each_service
def test_every_secret_is_asked_for_and_has_no_default(service: dict[str, Any]) -> None:
    for name, value in service.get("environment", {}).items():
        if SECRET.search(name):
            variable = re.search(r"\$\{(\w+):\?set (\w+) in \.env\}", value)
            assert variable, name
            assert variable[1] == variable[2]
    assert "PASSWORD" not in json.dumps([service.get("command"), service["healthcheck"]])


@each_service
def test_every_volume_is_declared(service: dict[str, Any]) -> None:
    assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= set(TREE["volumes"])


@each_service
def test_every_build_names_a_stage_that_runs_as_nobody_special(service: dict[str, Any]) -> None:
    if "build" in service:
        stages = dockerfile_stages()
        assert "USER pocketmoe" in stages[service["build"]["target"]]


def test_no_secret_and_no_loose_version_enters_an_image() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text()
    assert not SECRET.search(dockerfile)
    assert re.findall(r"^FROM (?!base|python:\d+\.\d+\.\d+-)", dockerfile, re.MULTILINE) == []
    installs = re.findall(r"pip install ([^&\\\n]+)", dockerfile)
    assert all(re.match(r"--(constraint|requirement|no-deps)", install) for install in installs)
    assert (PROJECT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_the_example_has_exactly_the_variables_that_are_used() -> None:
    example = (PROJECT / ".env.example").read_text()
    listed = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
    assert set(listed) == set(USED)
    assert {name: f":-{value}" for name, value in listed.items() if USED[name].startswith(":-")} == {
        name: kind for name, kind in USED.items() if kind.startswith(":-")
    }
    assert all(not listed[name] for name, kind in USED.items() if kind.startswith(":?"))


def test_git_ignores_the_file_with_the_secrets() -> None:
    assert "/.env" in (PROJECT / ".gitignore").read_text().splitlines()


def variables() -> set[str]:
    """Return the names of all variables that services are given."""
    return {name for service in SERVICES.values() for name in service.get("environment", {})}


def prefect_settings() -> set[str]:
    """Return the names of every variable that Prefect, or its Redis messaging, reads."""
    from prefect.settings.models.root import Settings as Prefect
    from prefect_redis.client import RedisMessagingSettings

    return {*_names(Prefect), *_names(RedisMessagingSettings)}


def _names(model: type) -> Iterator[str]:
    prefix = model.model_config.get("env_prefix", "")
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}".upper()
        for alias in getattr(field.validation_alias, "choices", ()):
            if isinstance(alias, str):
                yield alias.upper()
        if isinstance(field.annotation, type) and hasattr(field.annotation, "model_fields"):
            yield from _names(field.annotation)


def dockerfile_stages() -> dict[str, str]:
    """Return the instructions of each stage of the Dockerfile by its name."""
    parts = re.split(r"^FROM \S+ AS (\w+)$", (PROJECT / "Dockerfile").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
