"""Cache keys: the identity of a computation, and why it differs from an earlier one.

In: a stage's config slice, its inputs and its own source code. Out: a recipe of plain
JSON values and its SHA-256. What has no stable form is refused instead of falling back to
`str`, because a key that means two things serves stale results.
"""

import ast
import hashlib
import importlib.util
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel

from tasks.kernel.config import HOW, Content, Identified
from tasks.kernel.errors import ConfigError, DocumentError
from tasks.kernel.storage.manifest import hash_file
from tasks.kernel.user_files import UserFile, shown, user_files

Recipe = dict[str, object]

_PARSING = threading.Lock()


class FingerprintError(ConfigError, TypeError):
    """A value without a stable form stands where identity is computed."""


def recipe_key(recipe: Recipe) -> str:
    """Return the SHA-256 of the recipe's canonical JSON."""
    return hashlib.sha256(json.dumps(recipe, sort_keys=True, allow_nan=False).encode()).hexdigest()


def canonical(value: object, field: str = "config") -> object:
    """Return plain JSON for `value`; raise FingerprintError for anything without a stable form."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Content(path=path, field=name):
            return source_identity(path, name)
        case Identified():
            return canonical(value.identity(), field)
        case BaseModel():
            return {
                name: canonical(item, f"{field}.{name}") for name, item in value if not _is_how(value, name)
            }
        case Mapping():
            return {_text(key, field): canonical(item, f"{field}.{key}") for key, item in value.items()}
        case list() | tuple():
            return [canonical(item, f"{field}.{index}") for index, item in enumerate(value)]
        case _:
            raise FingerprintError(
                f"{field}: {type(value).__name__} has no stable form and cannot enter a cache key;"
                " use a number, text, list, mapping or a config model"
            )


def contents(value: object) -> Iterator[Content]:
    """Yield the places whose bytes `canonical` digests."""
    if isinstance(value, Content):
        yield value
    for part in _parts(value):
        yield from contents(part)


def _parts(value: object) -> Iterable[object]:
    match value:
        case Content() | str():
            return ()
        case Identified():
            return (value.identity(),)
        case BaseModel():
            return [item for name, item in value if not _is_how(value, name)]
        case Mapping():
            return value.values()
        case list() | tuple():
            return value
        case _:
            return ()


def source_identity(path: Path, field: str) -> dict[str, str]:
    """Return the digest of a user's file, or of each file in a folder.

    What cannot be read of a folder stands there with its problem, for the stage to name: it is another input
    once mended. Raises DocumentError where the place itself is missing or cannot be read.
    """
    entries = user_files(path)
    if not entries and not path.is_dir():
        raise DocumentError(
            f"{field}: {shown(str(path))}: no such file or folder; put the data there or correct the path"
        )
    digests = {entry.name: _digest(entry) for entry in entries}
    if [entry.path for entry in entries] == [path] and not digests[entries[0].name]:
        raise DocumentError(f"{field}: {shown(str(path))}: {_problem(entries[0])}")
    return {entry.name: digests[entry.name] or _problem(entry) for entry in entries}


def _digest(entry: UserFile) -> str:
    """Return the digest of a file; empty where none can be read."""
    if not entry.readable:
        return ""
    try:
        return hash_file(entry.path).sha256
    except OSError:
        return ""


def _problem(entry: UserFile) -> str:
    same = f"the same as {entry.same_as}" if entry.same_as else ""
    return same or entry.problem or "cannot be read; give access to it"


def code_identity(module: str) -> dict[str, str]:
    """Return the digest of each source file of the module's own package that it imports, directly or not.

    Digests are of the syntax tree without docstrings: comments and formatting do not count.
    """
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        # In CPython 3.11 threads that build syntax trees side by side fail now and then (SystemError);
        # and threads that wait for one another here find what the first has read.
        with _PARSING:
            source = _source(name)
        if source is not None and name not in found:
            found[name] = source.digest
            waiting.extend(source.imports)
    return dict(sorted(found.items()))


@dataclass(frozen=True)
class _Source:
    digest: str
    imports: tuple[str, ...]


@cache
def _source(module: str) -> _Source | None:
    """Read one source file; none for a module without one."""
    path = _source_file(module)
    if path is None:
        return None
    tree = _parse(path)
    digest = hashlib.sha256(ast.dump(_without_docstrings(tree)).encode()).hexdigest()
    return _Source(digest, tuple(_imports(tree, _package(module))))


def _parse(path: Path) -> ast.Module:
    # A library's thread may be at it too, so the lock alone is not enough: a second try is.
    with suppress(SystemError):
        return ast.parse(path.read_bytes())
    return ast.parse(path.read_bytes())


def differences(old: object, new: object, prefix: str = "") -> list[str]:
    """Name each leaf in which two recipes differ, with its old and new value."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = sorted(old.keys() | new.keys())
        return [
            line
            for key in keys
            for line in differences(old.get(key), new.get(key), f"{prefix}.{key}" if prefix else str(key))
        ]
    return [] if old == new else [f"{prefix}: {_short(old)} -> {_short(new)}"]


def _is_how(value: BaseModel, name: str) -> bool:
    """Tell whether a field says where or how, which is no part of what is computed."""
    field = type(value).model_fields.get(name)
    return field is not None and HOW in field.metadata


def _text(key: object, field: str) -> str:
    if not isinstance(key, str):
        raise FingerprintError(f"{field}: mapping keys must be text, not {type(key).__name__}")
    return key


def _source_file(module: str) -> Path | None:
    spec = importlib.util.find_spec(module)
    return Path(spec.origin) if spec and spec.origin else None


def _package(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def _imports(tree: ast.AST, package: str) -> list[str]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and _package(node.module) == package:
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [node.module, *(name for name in submodules if _is_module(name))]
    return [name for name in names if _package(name) == package]


def _is_module(name: str) -> bool:
    parent = _source_file(name.rpartition(".")[0])
    return parent is not None and parent.name == "__init__.py" and _source_file(name) is not None


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [statement for statement in body if not _is_text(statement)]  # type: ignore[attr-defined]  # any node with a body
    return tree


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _short(value: object) -> str:
    text = "none" if value is None else json.dumps(value)
    limit = 40
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
