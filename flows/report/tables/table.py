"""A table of ready words, for the HTML page, Prefect's artifacts, the README and the terminal.

One value serves them all, so that a figure is worded once.
"""

from dataclasses import dataclass

from rich.table import Table as RichTable


@dataclass(frozen=True)
class Table:
    """Headers and rows of ready words."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """Return a GitHub table, numbers to the right."""
        rule = ["---", *["---:"] * (len(self.headers) - 1)]
        lines = [self.headers, rule, *self.rows]
        return "\n".join("| " + " | ".join(map(contained, line)) + " |" for line in lines) + "\n"

    def records(self) -> list[dict[str, str]]:
        """Return one mapping a row, as Prefect's table artifacts want them."""
        return [dict(zip(self.headers, row, strict=True)) for row in self.rows]

    def rich(self) -> RichTable:
        """Return a table for the terminal."""
        table = RichTable(title=self.title, title_justify="left", title_style="bold")
        for number, header in enumerate(self.headers):
            table.add_column(header, justify="right" if number else "left", no_wrap=not number)
        for row in self.rows:
            table.add_row(*(cell.replace("[", r"\[") for cell in row))
        return table


def contained(text: str) -> str:
    """Return text that stays within its cell, on one line."""
    return " ".join(text.replace("|", r"\|").replace("<", "&lt;").split())
