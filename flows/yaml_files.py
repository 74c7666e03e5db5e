"""Read YAML files, merge them left to right and remember where each field was written.

In: paths. Out: one mapping, and file and line of every field in it, so that a validation
error can name the place to mend.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from tasks.kernel.errors import ConfigError

FieldPath = tuple[str, ...]
Places = dict[FieldPath, str]


def read_merged(paths: Sequence[Path]) -> tuple[dict[str, object], Places]:
    """Return the merged mapping and `file:line` by field; later files win.

    Raises ConfigError where a file is missing, is not YAML or holds no mapping.
    """
    merged: dict[str, object] = {}
    places: Places = {}
    for path in paths:
        content, where = _read(path)
        merged = merge(merged, content)
        places |= where
    return merged, places


def merge(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """Return `base` with `over` laid on it, mapping by mapping.

    A mapping that changes `kind` or `source` replaces its predecessor: the other fields of a
    variant mean nothing to another variant.
    """
    result = dict(base)
    for key, value in over.items():
        before = result.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping) and not _other_variant(before, value):
            result[key] = merge(before, value)
        else:
            result[key] = value
    return result


def named(content: Mapping[str, object], source: str, path: FieldPath = ()) -> Places:
    """Return `source` as the place of every field of `content`."""
    found: Places = {}
    for key, value in content.items():
        found[(*path, key)] = source
        if isinstance(value, Mapping):
            found |= named(value, source, (*path, key))
    return found


def place(places: Places, path: FieldPath) -> str:
    """Return where `path`, or the nearest field around it, was written."""
    while path and path not in places:
        path = path[:-1]
    return places.get(path, "")


def _read(path: Path) -> tuple[dict[str, object], Places]:
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; the configurations are in configs/") from error
    except (yaml.YAMLError, UnicodeDecodeError, IsADirectoryError) as error:
        raise ConfigError(f"{path}: not a YAML file: {' '.join(str(error).split())}") from error
    if node is None or not isinstance(content, dict):
        raise ConfigError(f"{path}: holds no mapping; begin with `name:` and `domains:`")
    return content, _places(node, path, ())


def _places(node: yaml.Node, file: Path, path: FieldPath) -> Places:
    here = {path: f"{file}:{node.start_mark.line + 1}"}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = (*path, str(key.value))
            here |= _places(value, file, name)
            here[name] = f"{file}:{key.start_mark.line + 1}"
    if isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            here |= _places(value, file, (*path, str(index)))
    return here


def _other_variant(before: Mapping[str, object], value: Mapping[str, object]) -> bool:
    return any(tag in value and value[tag] != before.get(tag) for tag in ("kind", "source"))
