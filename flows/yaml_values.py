"""Turn the text of a YAML file into plain values, and know where each of them stands.

In: text. Out: mappings, lists and scalars, and the place of every field. YAML itself keeps the last of two
equal names and lets a value hold itself: both are told with their lines, because a configuration that
means something else than it says costs a night.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

import yaml
from yaml.reader import ReaderError

from flows.yaml_scalars import TAG, OddValueError, name_problem, scalar, unknown_tag, unquoted
from tasks.kernel.errors import ConfigError

FieldPath = tuple[str, ...]
_MOST_VALUES = 100_000
_DEEPEST = 40
_MERGE = f"{TAG}merge"


class Place(NamedTuple):
    """Where a field stands."""

    where: str
    """`file:line`, or another name of its source."""
    written: str = ""
    """A value that is read as no text, as it is written."""


Places = dict[FieldPath, Place]


def parse(text: str, file: Path) -> tuple[object, Places]:
    """Return the value of a YAML text and the place of each field.

    Raises ConfigError that names file and line where it is not YAML, or is read otherwise than it looks.
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{file}{line}: not a YAML file: {_problem(error)}") from error
    except ReaderError as error:
        line_number = text.count("\n", 0, error.position) + 1
        raise ConfigError(
            f"{file}:{line_number}: not a YAML file: a control character stands here; remove it"
        ) from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise ConfigError(f"{file}: not a YAML file: {' '.join(str(error).split())}") from error
    if node is None:
        return None, {}
    reader = _Reader(file)
    return reader.value(node, ()), reader.places


class _Loader(yaml.SafeLoader):
    """Composes nodes to a depth that every configuration keeps."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise yaml.MarkedYAMLError(
                problem=f"more than {_DEEPEST} values within each other; write it flatter",
                problem_mark=self.peek_event().start_mark,  # type: ignore[no-untyped-call]  # yaml has none
            )
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Reader:
    """Reads the nodes of one file."""

    def __init__(self, file: Path) -> None:
        self.places: Places = {}
        self._file = file
        self._around: list[yaml.Node] = []
        self._count = 0

    def value(self, node: yaml.Node, path: FieldPath) -> object:
        """Return what `node` holds, and note the places of its fields."""
        self._count += 1
        if self._count > _MOST_VALUES:
            self._refuse(node, f"more than {_MOST_VALUES:,} values, by anchors within anchors; write fewer")
        if any(node is around for around in self._around):
            self._refuse(node, "this value holds itself through its own anchor; remove the `*` within it")
        self.places[path] = Place(self._where(node), unquoted(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if node.tag not in (f"{TAG}map", f"{TAG}seq") or (node.tag == f"{TAG}seq") != _is_list(node):
            self._refuse(node, unknown_tag(node))
        self._around.append(node)
        read = self._list(node, path) if _is_list(node) else self._mapping(node, path)
        self._around.pop()
        return read

    def _list(self, node: yaml.Node, path: FieldPath) -> list[object]:
        return [self.value(item, (*path, str(index))) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.Node, path: FieldPath) -> dict[object, object]:
        names = self._names(node)
        place = self.places[path]
        read: dict[object, object] = {}
        for other in reversed(list(self._taken_over(node))):
            taken = self.value(other, path)
            read |= taken if isinstance(taken, dict) else {}
        self.places[path] = place
        for name, (key, value) in zip(names, node.value, strict=True):
            if key.tag != _MERGE:
                inner = (*path, str(name))
                read[name] = self.value(value, inner)
                self.places[inner] = Place(self._where(key), unquoted(value))
        return read

    def _names(self, node: yaml.Node) -> list[object]:
        """Return the names of the mapping's fields; refuse one that comes twice."""
        names: list[object] = []
        lines: dict[str, int] = {}
        for key, value in node.value:
            name = self._name(key, value)
            if str(name) in lines:
                first = lines[str(name)]
                self._refuse(key, f"`{name}` stands here again, first on line {first}; keep one of them")
            lines[str(name)] = _line(key)
            names.append(name)
        return names

    def _name(self, key: yaml.Node, value: yaml.Node) -> object:
        if not isinstance(key, yaml.ScalarNode):
            self._refuse(key, "a list or a mapping is no name of a field; put it in quotes")
        if isinstance(value, yaml.ScalarNode) and not value.value and key.value.isdecimal():
            self._refuse(key, f"`{key.value}` is a name without a value; write a decimal point, not a comma")
        name = self._scalar(key)
        if problem := name_problem(key, name):
            self._refuse(key, problem)
        return name

    def _taken_over(self, node: yaml.Node) -> Iterator[yaml.Node]:
        """Yield the mappings whose fields this one takes over by `<<`, those that win first."""
        for key, value in node.value:
            if key.tag == _MERGE:
                for other in value.value if _is_list(value) else [value]:
                    if not isinstance(other, yaml.MappingNode):
                        self._refuse(other, "`<<` takes over the fields of a mapping; give it one")
                    yield other

    def _scalar(self, node: yaml.ScalarNode) -> object:
        try:
            return scalar(node)
        except OddValueError as error:
            raise ConfigError(f"{self._where(node)}: {error}") from error

    def _refuse(self, node: yaml.Node, problem: str) -> NoReturn:
        raise ConfigError(f"{self._where(node)}: {problem}")

    def _where(self, node: yaml.Node) -> str:
        return f"{self._file}:{_line(node)}"


def _is_list(node: yaml.Node) -> bool:
    return isinstance(node, yaml.SequenceNode)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _problem(error: yaml.MarkedYAMLError) -> str:
    words = " ".join(str(part) for part in (error.context, error.problem) if part)
    return f"{words}; indent with spaces" if "'\\t'" in words else words
