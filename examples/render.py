"""Render the demo library: Markdown sources in, a PDF beside each source out.

The PDFs are committed, so their bytes depend on nothing but the sources, these modules and
the locked versions: no dates, no compression, standard fonts only. Run it after each change
of a source: `.venv/bin/python examples/render.py`.
"""

from pathlib import Path
from typing import Annotated

import typer
from flowables import parse
from layout import pdf_bytes

LIBRARY = Path(__file__).parent / "library"


def main(
    library: Annotated[Path, typer.Option(help="Folder with one folder of Markdown per domain.")] = LIBRARY,
    out: Annotated[
        Path | None, typer.Option(help="Where PDFs go; beside their sources if not given.")
    ] = None,
) -> None:
    """Render every domain's Markdown to PDF."""
    for source in sorted(library.glob("*/*.md")):
        target = (out or library) / source.relative_to(library).with_suffix(".pdf")
        pages = render(source, target)
        typer.echo(f"{target}: {pages} pages")


def render(source: Path, target: Path) -> int:
    """Write the PDF of one Markdown file to `target`; return its number of pages."""
    document = parse(source.read_text(encoding="utf-8"), source.name)
    content, pages = pdf_bytes(document.title, document.story)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return pages


if __name__ == "__main__":
    typer.run(main)
