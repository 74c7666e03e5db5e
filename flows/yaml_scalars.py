"""What one word or number of a YAML file means, and which ones look like something else.

In: a scalar node. Out: text, a number, a truth value or nothing. YAML 1.1 reads `010` as 8, `3:20` as 200
and `no` as false: the first two are refused here, the last one where a text is asked for.
"""

import math

import yaml
from yaml.constructor import SafeConstructor

TAG = "tag:yaml.org,2002:"
_TEXT = ("str", "timestamp", "value", "merge")
_SHOWN = 30


class OddValueError(ValueError):
    """A value that is not what it looks like; the message says what to write instead."""


def scalar(node: yaml.ScalarNode) -> object:
    """Return the value; raise OddValueError where it cannot be read, or is read otherwise than it looks."""
    kind = node.tag.removeprefix(TAG)
    if kind in _TEXT:
        return _text(str(node.value))
    if kind in ("int", "float"):
        _refuse_other_bases(node.value, kind)
    try:
        return _converted(node, kind)
    except (ValueError, KeyError, IndexError) as error:
        if isinstance(error, OddValueError):
            raise
        raise OddValueError(f"`{node.value[:_SHOWN]}` cannot be read as {kind}; put it in quotes") from error


def unquoted(node: yaml.Node) -> str:
    """Return a word or number as it is written, where it has no quotes and is read as no text."""
    bare = isinstance(node, yaml.ScalarNode) and node.style is None
    return str(node.value)[:_SHOWN] if bare and node.tag != f"{TAG}str" else ""


def name_problem(node: yaml.ScalarNode, name: object) -> str:
    """Return what is wrong with a field's name that is read as `name`; empty: nothing.

    A whole number that is written as Python writes it stands for itself: whether a name may be
    a number is for the field to say.
    """
    if isinstance(name, str) or (type(name) is int and str(name) == node.value):
        return ""
    return f"`{node.value[:_SHOWN]}` as a name: put it in quotes, because YAML reads {read_as(name)}"


def read_as(value: object) -> str:
    """Return in words what a value without quotes is read as."""
    if value is None:
        return "nothing"
    return str(value).lower() if isinstance(value, bool) else f"the number {value}"


def _text(text: str) -> str:
    """Return the text, in which two halves of a character are one, as JSON writes them."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise OddValueError(
            "half a character (`\\ud800` to `\\udfff`) is no text; write the whole character"
        ) from error


def _refuse_other_bases(written: str, kind: str) -> None:
    plain = written.replace("_", "").lstrip("+-")
    if ":" in plain:
        raise OddValueError(
            f"`{written[:_SHOWN]}` would be read as a number to base 60; put it in quotes, or write it out"
        )
    if kind == "int" and len(plain) > 1 and plain.startswith("0") and plain.isdecimal():
        meant = plain.lstrip("0") or "0"
        raise OddValueError(
            f"`{written[:_SHOWN]}` would be read as an octal number;"
            f" write {meant[:_SHOWN]}, or put it in quotes"
        )


def _converted(node: yaml.ScalarNode, kind: str) -> object:
    reader = SafeConstructor()
    match kind:
        case "null":
            return None
        case "bool":
            return reader.construct_yaml_bool(node)
        case "int":
            return reader.construct_yaml_int(node)
        case "float":
            number = float(reader.construct_yaml_float(node))
            if math.isfinite(number):
                return number
            raise OddValueError(f"`{node.value[:_SHOWN]}` is no number to compute with; write one")
    raise OddValueError(unknown_tag(node))


def unknown_tag(node: yaml.Node) -> str:
    """Return the sentence on a tag that means nothing here."""
    return f"the tag `{node.tag.replace(TAG, '!!')}` is not known here; remove it"
