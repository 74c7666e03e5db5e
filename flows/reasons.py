"""Why a stage would be built: the recipe of its last build compared with the one that is asked for.

In: two recipes. Out: one clause for each difference: a config field with its old and new value,
an input, a base model, or a source file.
"""

from collections.abc import Mapping

from tasks.fingerprint import Recipe, differences

_SHOWN = 5


def reason(last: Recipe | None, now: Recipe) -> str:
    """Return why what `now` asks for is not there, given the recipe of the last build."""
    if last is None:
        return "never built"
    found = changes(last, now)
    if not found:
        return "its cache record is gone"
    hidden = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"changed: {'; '.join(found[:_SHOWN])}{hidden}"


def changes(last: Recipe, now: Recipe) -> list[str]:
    """Return a clause for each difference between two recipes."""
    return [
        *differences(last.get("config"), now.get("config"), "config"),
        *differences(last.get("models"), now.get("models"), "model"),
        *_inputs(last, now),
        *_files(last, now),
        *[f"source file {name.replace('.', '/')}.py" for name in _changed(last.get("code"), now.get("code"))],
    ]


def _inputs(last: Recipe, now: Recipe) -> list[str]:
    old, new = _mapping(last.get("artifacts")), _mapping(now.get("artifacts"))
    return [f"input {name} {_how(old, new, name)}" for name in _changed(old, new)]


def _files(last: Recipe, now: Recipe) -> list[str]:
    old, new = _mapping(last.get("sources")), _mapping(now.get("sources"))
    return [
        f"{source} file {name} {_how(_mapping(old.get(source)), _mapping(new.get(source)), name)}"
        for source in sorted(old.keys() | new.keys())
        for name in _changed(old.get(source), new.get(source))
    ]


def _changed(old: object, new: object) -> list[str]:
    before, after = _mapping(old), _mapping(new)
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _how(old: Mapping[str, object], new: Mapping[str, object], name: str) -> str:
    if name not in old:
        return "is new"
    if name not in new:
        return "is gone"
    return f"{_digest(old[name])} -> {_digest(new[name])}"


def _digest(value: object) -> str:
    return str(value).rpartition(":")[2][:12]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
