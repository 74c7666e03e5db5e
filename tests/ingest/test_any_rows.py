"""Pins over arbitrary rows, headers and bytes: no traceback, and no row goes without a count."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.ingest.config import DatasetMapping
from tasks.ingest.datasets.cells import RefusedError, cell_text, visible
from tasks.ingest.datasets.examples import map_rows
from tasks.ingest.datasets.rows import Rows, read_local
from tasks.kernel.errors import DocumentError

pytestmark = pytest.mark.slow

ANY = settings(
    max_examples=500, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
TEXT = st.text(max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
TURNS = st.fixed_dictionaries({"from": st.sampled_from(["human", "gpt", "system", "x"]), "value": SCALARS})
CELLS = st.recursive(
    SCALARS | st.binary(max_size=6) | st.lists(TURNS, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ROWS = st.dictionaries(st.sampled_from(["q", "a", "c", "s", " q", "A"]), CELLS, max_size=6)
MAPPINGS = st.builds(
    lambda question, answer, more: DatasetMapping.model_validate(
        {"question": question, "answer": answer, "max_refused": 1, **more}
    ),
    st.sampled_from(["q", "{q}\n{c.0.value}", "c.user", "c.0.value", "c.q.0", "{q} {s}"]),
    st.sampled_from(["a", "c.assistant", "c.1.value", "{a}{s}", "a.0"]),
    st.sampled_from(
        [
            {},
            {"html": True},
            {"best": {"c": "value"}},
            {"label_names": {"s": {"1": "one", "true": "yes"}}},
            {"split_column": "s", "splits": {"train": "train", "1": "test"}},
        ]
    ),
)


def require_printable(text: str) -> None:
    """Raise UnicodeEncodeError where a text would end the run that writes it."""
    text.encode("utf-8")


def accounted(tables: list[Rows], mapping: DatasetMapping) -> None:
    """Map rows, and compare what went in with what the account holds."""
    try:
        mapped = map_rows(tables, mapping)
    except DocumentError as error:
        require_printable(str(error))
        return
    counts = mapped.summary()
    turns = counts.pop("turns_left_out", 0)
    assert turns >= 0
    assert counts.pop("rows") == sum(counts.values()) == sum(len(table.rows) for table in tables)
    assert len(mapped.refused) == counts.get("refused", 0)
    for record in [*mapped.examples.values(), *mapped.refused]:
        require_printable(record.model_dump_json())
    assert all(visible(one.question) and visible(one.answer) for one in mapped.examples.values())


def read(name: str, content: bytes, mapping: DatasetMapping) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            tables = read_local(path, mapping)
        except DocumentError as error:
            require_printable(str(error))
            return
        accounted(tables, mapping)


@ANY
@given(CELLS)
def test_a_cell_is_text_or_refused(cell: object) -> None:
    try:
        text = cell_text(cell, "q")
    except RefusedError as error:
        require_printable(error.reason)
    else:
        require_printable(text)
        assert visible(text) or not text


@ANY
@given(st.lists(ROWS, min_size=1, max_size=5), MAPPINGS)
def test_every_row_is_an_example_or_counted(rows: list[dict[str, object]], mapping: DatasetMapping) -> None:
    accounted([Rows("x", "train", "row", tuple(enumerate(rows, 1)), "x")], mapping)


@ANY
@given(
    st.lists(st.dictionaries(TEXT | st.sampled_from(["q", "a"]), SCALARS, max_size=4), max_size=5), MAPPINGS
)
def test_any_json_lines(rows: list[dict[str, object]], mapping: DatasetMapping) -> None:
    read("x.jsonl", "\n".join(json.dumps(row) for row in rows).encode(), mapping)
    read("x.json", json.dumps(rows).encode(), mapping)


def table(name: str, comma: str) -> Callable[[list[list[str]]], tuple[str, bytes]]:
    def make(lines: list[list[str]]) -> tuple[str, bytes]:
        return name, "\n".join(comma.join(line) for line in lines).encode("utf-8", "surrogatepass")

    return make


CELL = st.sampled_from(["q", "a", " a", "q\ufeff", ""]) | TEXT
LINES = st.lists(st.lists(CELL, min_size=1, max_size=3), max_size=5)


@ANY
@given(LINES.map(table("x.csv", ",")) | LINES.map(table("x.tsv", "\t")), MAPPINGS)
def test_any_table(file: tuple[str, bytes], mapping: DatasetMapping) -> None:
    read(*file, mapping)


@ANY
@given(
    st.sampled_from(["x.jsonl", "x.json", "x.csv", "x.tsv", "x.jsonl.gz", "x.parquet"]),
    st.binary(max_size=60) | st.text(alphabet='[]{}":,qa1\n\\u', max_size=60).map(str.encode),
)
def test_any_bytes(name: str, content: bytes) -> None:
    read(name, content, DatasetMapping(question="q", answer="a", max_refused=1))


@ANY
@given(st.text(alphabet="<>!/[]&;-abp \n\"'=", max_size=30))
def test_any_markup(text: str) -> None:
    mapping = DatasetMapping(question="q", answer="a", html=True, max_refused=1)
    accounted([Rows("x", "x", "row", ((1, {"q": text, "a": text}),), "x")], mapping)
