"""The services of docker-compose.yml with their variables filled in, as Compose would start them.

In: values for the variables. Out: each service's command, environment, health check and needs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from tasks.kernel.settings import PROJECT

COMPOSE = PROJECT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\})")


@dataclass(frozen=True)
class Service:
    """One service of the file."""

    name: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    health: tuple[str, ...]
    configs: Mapping[str, str]
    """Contents of the files that Compose mounts, by their path in the container."""


def services(values: Mapping[str, str]) -> dict[str, Service]:
    """Return the services in the order in which they may start."""
    tree = _filled(yaml.safe_load(COMPOSE.read_text(encoding="utf-8")), values)
    listed, texts = tree["services"], tree["configs"]
    found: dict[str, Service] = {}
    while len(found) < len(listed):
        ready = [
            name
            for name in listed
            if name not in found and set(listed[name].get("depends_on", {})) <= set(found)
        ]
        found |= {name: _service(name, listed[name], texts) for name in ready}
    return found


def required() -> list[str]:
    """Return the names of the variables that have no default."""
    return sorted(
        {match["name"] for match in _VARIABLE.finditer(COMPOSE.read_text()) if match["kind"] == "?"}
    )


def _service(name: str, fields: dict, texts: dict) -> Service:
    test = fields["healthcheck"]["test"]
    return Service(
        name=name,
        image=fields["image"],
        command=tuple(fields.get("command", ())),
        environment=fields.get("environment", {}),
        health=("sh", "-c", test[1]) if test[0] == "CMD-SHELL" else tuple(test[1:]),
        configs={file["target"]: texts[file["source"]]["content"] for file in fields.get("configs", ())},
    )


def _filled(value: object, values: Mapping[str, str]) -> object:
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    return _VARIABLE.sub(lambda match: _value(match, values), value) if isinstance(value, str) else value


def _value(match: re.Match[str], values: Mapping[str, str]) -> str:
    if match["dollar"]:
        return "$"
    if match["kind"] == "-":
        return values.get(match["name"]) or match["text"]
    return values[match["name"]]
