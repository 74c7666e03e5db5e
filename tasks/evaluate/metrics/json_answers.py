"""Score answers that must be JSON: whether they parse, and whether they keep to a schema.

In: answers, and schemas as files or as checks of the questions. Out: 1 or 0 an answer. The whole answer
counts, as a program would read it. Schemas are read as they are, without fetching what they refer to.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import jsonschema
from jsonschema.protocols import Validator
from referencing.exceptions import Unresolvable

from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metric_config import JsonSchema
from tasks.evaluate.metrics.measure import Measure, compares
from tasks.kernel.errors import ConfigError, DataError

INVALID = object()


def json_valid(answer: str, _: Question) -> float:
    """Return 1 where an answer is JSON, else 0."""
    return float(parsed(answer) is not INVALID)


def parsed(answer: str) -> Any:
    """Return what an answer says in JSON, or INVALID; not-a-number and infinity are no JSON."""
    try:
        return json.loads(answer, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return INVALID


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def json_schema(settings: JsonSchema, files: Mapping[str, Path]) -> Measure:
    """Return whether each answer keeps to its schema; raise ConfigError where the file is none."""
    if settings.file is not None:
        try:
            validator = _validator(files[settings.file].read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"`json_schema.file`: {settings.file} holds no JSON schema ({error}); correct it"
            ) from error
        return compares("json_schema", lambda answer, _: _keeps(validator, answer))
    schemas = cache(_validator)

    def accept(question: Question) -> None:
        try:
            schemas(question.checks["schema"]).is_valid(None)
        except (ValueError, Unresolvable) as error:
            raise DataError(
                f"{question.domain}: the schema of question {question.id} cannot be used ({error}); correct"
                " the column that `dataset.checks.schema` names"
            ) from error

    own = compares("json_schema", lambda answer, question: _keeps(schemas(question.checks["schema"]), answer))
    return Measure(own.score, needs="schema", accept=accept)


def _validator(text: str) -> Validator:
    """Return what validates by a schema; raise ValueError where the text is none."""
    schema = json.loads(text)
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise ValueError(error.message) from error
    return kind(schema)


def _keeps(validator: Validator, answer: str) -> float:
    value = parsed(answer)
    try:
        return float(value is not INVALID and validator.is_valid(value))
    except RecursionError:
        return 0.0
