"""Score answers that are SQL by what they return.

In: answers and reference queries, and databases as SQLite files or as the scripts that make them. Out: 1
where both return the same rows, else 0; their order counts where the reference asks for one. A query can
read its database, and nothing else; it has seconds, rows and memory to keep to.
"""

import re
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from functools import cache, partial
from pathlib import Path

from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metric_config import SqlExecution
from tasks.evaluate.metrics.code_blocks import code_of
from tasks.evaluate.metrics.measure import Measure, compares
from tasks.kernel.errors import DataError

Rows = list[tuple[object, ...]]
_READS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_FOREIGN = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})
_STEPS = 1000
"""Instructions between two looks at the clock."""
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
}
_HEAP_BYTES = 2**29
_INSIDE = re.compile(r"\([^()]*\)")
_ORDERED = re.compile(r"\border\s+by\b", re.IGNORECASE)
_DIGITS = 6


def sql_execution(settings: SqlExecution, files: Mapping[str, Path]) -> Measure:
    """Return whether each answer returns what its reference does."""
    folder = None if settings.databases is None else files[settings.databases]
    returned = cache(partial(_returned, settings, folder))

    def accept(question: Question) -> None:
        try:
            returned(question.reference, question.checks["database"])
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise DataError(
                f"{question.domain}: the reference query of {question.id} does not run ({error}); correct it,"
                " or what `dataset.checks.database` and `sql_execution` name"
            ) from error

    def same(answer: str, question: Question) -> float:
        database, wanted = question.checks["database"], code_of(question.reference)
        try:
            found = returned(answer, database)
        except (sqlite3.Error, sqlite3.Warning):
            return 0.0
        return float(alike(found, returned(question.reference, database), ordered=_is_ordered(wanted)))

    return Measure(compares("sql_execution", same).score, needs="database", accept=accept)


def alike(ours: Rows, theirs: Rows, *, ordered: bool) -> bool:
    """Return whether two results hold the same rows, as often, and in the same order where it counts."""
    mine, other = ([tuple(map(_rounded, row)) for row in rows] for rows in (ours, theirs))
    return mine == other if ordered else Counter(mine) == Counter(other)


def _rounded(value: object) -> object:
    return round(value, _DIGITS) if isinstance(value, float) else value


def _is_ordered(query: str) -> bool:
    """Return whether a query orders its own result, and not that of a query inside it."""
    before, query = "", re.sub(r"'[^']*'", "", query)
    while query != before:
        before, query = query, _INSIDE.sub("", query)
    return bool(_ORDERED.search(query))


def _returned(settings: SqlExecution, folder: Path | None, query: str, database: str) -> Rows:
    """Return the rows of a query; raise sqlite3's errors where it cannot run, or not to its end."""
    with closing(_opened(folder, database)) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, settings.max_value_bytes)
        due = time.monotonic() + settings.seconds
        connection.set_progress_handler(lambda: int(time.monotonic() > due), _STEPS)
        connection.set_authorizer(_reads_alone)
        rows = connection.execute(code_of(query).strip().rstrip(";")).fetchmany(settings.max_rows + 1)
    if len(rows) > settings.max_rows:
        raise sqlite3.OperationalError(f"over {settings.max_rows} rows")
    return rows


def _opened(folder: Path | None, database: str) -> sqlite3.Connection:
    if folder is None:
        connection = sqlite3.connect(":memory:")
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.executescript(database)
    else:
        file = (folder / f"{database}.sqlite").resolve()
        if folder.resolve() not in file.parents:
            raise sqlite3.OperationalError(f"{database} is no name of a database")
        connection = sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True)
    for limit, value in _LIMITS.items():
        connection.setlimit(limit, value)
    for pragma in ("query_only = on", "temp_store = memory", f"hard_heap_limit = {_HEAP_BYTES}"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _reads_alone(action: int, _: str | None, name: str | None, *__: str | None) -> int:
    if action in _READS or (action == sqlite3.SQLITE_FUNCTION and name not in _FOREIGN):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
