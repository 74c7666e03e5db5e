"""Pins metrics that check answers by more than a reference: JSON, schemas, SQL on SQLite, unit tests."""

import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metric_config import JsonSchema, PassAtK, SqlExecution
from tasks.evaluate.metrics.code_blocks import code_of
from tasks.evaluate.metrics.json_answers import json_schema, json_valid
from tasks.evaluate.metrics.measure import Measure
from tasks.evaluate.metrics.programs import pass_at_k, passing_tests
from tasks.evaluate.metrics.sql_answers import sql_execution
from tasks.kernel.errors import ConfigError, DataError
from tasks.records.dataset import Check

pytestmark = pytest.mark.slow
SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
PEOPLE = """
CREATE TABLE people (name TEXT, age INTEGER);
INSERT INTO people VALUES ('Ann', 30), ('Bob', 20), ('Cid', 20);
"""
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT "


def asked(reference: str = "", **checks: str) -> Question:
    named: dict[Check, str] = {}
    named.update(checks)  # type: ignore[arg-type]
    return Question("alpha", "q1", "which?", reference, named)


def score(measure: Measure, answer: str, question: Question) -> float:
    ((found,),) = measure.score([answer], [question]).values()  # type: ignore[misc]
    return float(found)


@pytest.mark.parametrize(
    ("answer", "valid"),
    [
        ('{"a": [1, null]}', 1),
        (' "text" ', 1),
        ("{'a': 1}", 0),
        ('{"a": NaN}', 0),
        ('{"a": 1} and more', 0),
        ('```json\n{"a": 1}\n```', 0),
        ("", 0),
        ("[" * 100_000, 0),
    ],
)
def test_the_whole_answer_has_to_be_json(answer: str, valid: int) -> None:
    assert json_valid(answer, asked()) == valid


def test_an_answer_keeps_to_the_schema_of_a_file_or_of_its_question(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(SCHEMA), encoding="utf-8")
    by_file = json_schema(JsonSchema(file="schema.json"), {"schema.json": file})
    by_question = json_schema(JsonSchema(), {})
    question = asked(schema=json.dumps(SCHEMA))
    for answer, kept in (('{"age": 3}', 1), ('{"age": "3"}', 0), ("{}", 0), ('{"age": 3', 0)):
        assert score(by_file, answer, asked()) == score(by_question, answer, question) == kept


@pytest.mark.parametrize("text", ["{", '{"type": "text"}'])
def test_a_text_that_is_no_schema_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"`json_schema.file`: s.json holds no JSON schema"):
        json_schema(JsonSchema(file="s.json"), {"s.json": tmp_path / "s.json"})
    accept = json_schema(JsonSchema(), {}).accept
    assert accept
    with pytest.raises(DataError, match="alpha: the schema of question q1 cannot be used"):
        accept(asked(schema=text))


def test_a_schema_is_not_fetched_from_elsewhere() -> None:
    accept = json_schema(JsonSchema(), {}).accept
    assert accept
    with pytest.raises(DataError, match="cannot be used"):
        accept(asked(schema='{"$ref": "http://127.0.0.1:9/schema.json"}'))


@pytest.fixture(params=["script", "file"])
def people(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Measure, Mapping[str, str]]:
    """A database as the script that makes it, and as a file."""
    settings, checks = SqlExecution(seconds=1, max_rows=100), {"database": PEOPLE}
    if request.param == "file":
        settings, checks = settings.model_copy(update={"databases": "db"}), {"database": "people"}
        with closing(sqlite3.connect(tmp_path / "people.sqlite")) as connection:
            connection.executescript(PEOPLE)
            connection.commit()
    return sql_execution(settings, {"db": tmp_path}), checks


@pytest.mark.parametrize(
    ("reference", "answer", "same"),
    [
        ("SELECT name FROM people WHERE age = 20", "SELECT name FROM people WHERE age < 30;", 1),
        ("SELECT name FROM people WHERE age = 20", "```sql\nselect name from people where age=20\n```", 1),
        ("SELECT name FROM people", "SELECT name FROM people ORDER BY name DESC", 1),
        ("SELECT name FROM people ORDER BY name", "SELECT name FROM people ORDER BY name DESC", 0),
        ("SELECT age FROM people", "SELECT DISTINCT age FROM people", 0),
        ("SELECT avg(age) FROM people", "SELECT sum(age) / 3.0 FROM people", 1),
        ("SELECT name FROM people", "SELECT nam FROM people", 0),
        ("SELECT name FROM people", "", 0),
        ("SELECT count(*) FROM people", "DELETE FROM people", 0),
        ("SELECT count(*) FROM people", "SELECT 3; SELECT 3", 0),
        ("SELECT count(*) FROM people", "SELECT load_extension('x')", 0),
        ("SELECT count(*) FROM people", "ATTACH '/tmp/planted.db' AS other", 0),
        ("SELECT count(*) FROM people", "VACUUM INTO '/tmp/planted.db'", 0),
        ("SELECT count(*) FROM people", "PRAGMA query_only = off", 0),
        ("SELECT count(*) FROM people", "SELECT length(zeroblob(1000000000))", 0),
        (
            "SELECT 1",
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
            0,
        ),
        ("SELECT 1", ENDLESS + "x FROM n", 0),
        ("SELECT 1", ENDLESS + "x FROM n ORDER BY x DESC", 0),
        ("SELECT 1", "SELECT instr(hex(zeroblob(99000)), hex(zeroblob(49000)) || '1')", 0),
        ("SELECT 1", "SELECT instr(hex(zeroblob(4900000)), hex(zeroblob(2000000)) || '1')", 0),
    ],
)
def test_sql_is_scored_by_what_it_returns(
    people: tuple[Measure, Mapping[str, str]], reference: str, answer: str, same: int
) -> None:
    measure, checks = people
    start = time.monotonic()
    assert score(measure, answer, asked(reference, **checks)) == same
    assert time.monotonic() - start < 10
    assert score(measure, "SELECT 3", asked("SELECT count(*) FROM people", **checks)) == 1
    assert not Path("/tmp/planted.db").exists()  # noqa: S108  where a hostile answer would write


@pytest.mark.parametrize("database", ["nowhere", "../people", "/etc/passwd"])
def test_a_database_that_is_not_in_the_folder_is_refused(database: str, tmp_path: Path) -> None:
    (tmp_path / "dbs").mkdir()
    accept = sql_execution(SqlExecution(databases="dbs"), {"dbs": tmp_path / "dbs"}).accept
    assert accept
    with pytest.raises(DataError, match="alpha: the reference query of q1 does not run"):
        accept(asked("SELECT 1", database=database))


def test_the_code_of_an_answer_is_its_first_block_or_all_of_it() -> None:
    assert code_of("Here:\n```python\ndef f():\n    pass\n```\nand\n```\nx\n```") == "def f():\n    pass\n"
    assert code_of("    return 1\n") == "    return 1\n"
    assert code_of("```\nx = 1") == "x = 1"


def test_a_program_passes_where_its_tests_do() -> None:
    measure = passing_tests(PassAtK())
    prompt = 'def half(x: float) -> float:\n    """Return the half."""\n'
    question = asked(tests="assert half(3) == 1.5", prompt=prompt)
    answers = {
        "    return x / 2": 1,
        "return x / 2": 1,
        "for _ in '12':\n        y = x / 2\n    return y": 1,
        "import math\n\ndef half(x):\n    return math.fsum((x,)) / 2": 1,
        "def half(x):\n    return x / 2": 1,
        "Sure!\n```python\ndef half(x):\n    return x / 2\n```": 1,
        "    return x // 2": 0,
        "def half(x): return 1.5\nraise SystemExit(0)": 0,
        "import os; os._exit(0)": 0,
        "I cannot.": 0,
    }
    found = measure.score(list(answers), [question] * len(answers))
    assert found == {"pass_at_1": list(answers.values())}


def test_pass_at_k_is_estimated_from_several_answers() -> None:
    measure = passing_tests(PassAtK(k=(2, 3), samples=4))
    right, wrong = "x = 1", "x = 2"
    assert measure.sampled
    questions = [asked(tests="assert x == 1")] * 2
    found = measure.sampled([[right, wrong, wrong, right], [wrong] * 4], questions)
    assert found == {
        "pass_at_2": [pytest.approx(1 - 1 / 6), 0],
        "pass_at_3": [1, 0],
    }


@pytest.mark.parametrize(
    "wrong", [{"k": [2]}, {"k": [5], "samples": 4}, {"samples": 4}, {"k": [1], "samples": 1}]
)
def test_samples_suffice_for_k_and_are_not_drawn_for_nothing(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PassAtK.model_validate(wrong)


def test_pass_at_k_is_the_chance_that_one_of_k_answers_passes() -> None:
    assert pass_at_k(1, 1, 1) == 1
    assert pass_at_k(10, 3, 1) == pytest.approx(0.3)
    assert pass_at_k(5, 2, 2) == pytest.approx(1 - 3 / 10)
    assert pass_at_k(5, 4, 2) == 1
    assert pass_at_k(200, 0, 100) == 0
