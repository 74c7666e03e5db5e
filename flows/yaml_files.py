"""Read YAML files, merge them left to right and remember where each field was written.

In: paths. Out: one mapping, and file and line of every field in it, so that a validation
error can name the place to mend.
"""

import codecs
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from flows.yaml_values import FieldPath, Place, Places, parse
from tasks.kernel.errors import ConfigError

_NO_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufffe\uffff]")
"""What JSON takes for text, and YAML for an end of the line or for nothing that may stand in a file."""
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_merged(paths: Sequence[Path]) -> tuple[dict[str, object], Places]:
    """Return the merged mapping and the place of each field; later files win.

    Raises ConfigError where a file is missing, is not YAML, holds no mapping, or would be read otherwise
    than it looks.
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
        found[(*path, key)] = Place(source)
        if isinstance(value, Mapping):
            found |= named(value, source, (*path, key))
    return found


def place(places: Places, path: FieldPath) -> Place:
    """Return where `path`, or the nearest field around it, was written.

    Parts of the path that stand in no file, such as the variant that validation took, are passed over.
    """
    found: FieldPath = ()
    for part in path:
        found = (*found, part) if (*found, part) in places else found
    whole = bool(path) and found[-1:] == path[-1:]
    return places[found] if whole else Place(places[found].where) if found in places else Place("")


def _read(path: Path) -> tuple[dict[str, object], Places]:
    content, places = parse(_text(path), path)
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: holds no mapping; begin with `name:` and `domains:`")
    return content, places


def _text(path: Path) -> str:
    try:
        written = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; the configurations are in configs/") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); name a YAML file") from error
    try:
        text = written.decode("utf-16" if written.startswith(_UTF16) else "utf-8-sig")
        return _NO_YAML.sub(_escaped, text) if path.suffix == ".json" else text
    except UnicodeDecodeError as error:
        line = written.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not a YAML file: it is no UTF-8 text; save it as UTF-8") from error


def _escaped(found: re.Match[str]) -> str:
    """Return a character as JSON may write it as well: in a string, where alone it may stand."""
    return f"\\u{ord(found[0]):04x}"


def _other_variant(before: Mapping[str, object], value: Mapping[str, object]) -> bool:
    return any(tag in value and value[tag] != before.get(tag) for tag in ("kind", "source"))
