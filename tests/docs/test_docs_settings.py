"""The table of settings in the guides names every variable that is read, and no other."""

import re

from docs_pages import pages

from tasks.kernel.settings import Settings

VARIABLE = re.compile(r"POCKETMOE_[A-Z_]+")
READ = {f"POCKETMOE_{name.upper()}" for name in Settings.model_fields}


def test_every_variable_that_is_named_is_read() -> None:
    named = {(page, name) for page, text in pages().items() for name in VARIABLE.findall(text)}
    assert {(page, name) for page, name in named if name not in READ and name != "POCKETMOE_"} == set()


def test_every_variable_that_is_read_stands_in_the_table() -> None:
    rows = [line for line in pages()["docs/operations.md"].splitlines() if line.startswith("| `")]
    assert set(VARIABLE.findall("\n".join(rows))) >= READ
