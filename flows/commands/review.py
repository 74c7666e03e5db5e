"""Let people review a domain's pairs in a spreadsheet or an editor."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from flows.commands.session import RunFolder, app, session
from flows.runs.folders import reopen
from tasks.generate.pairs import Candidate
from tasks.generate.review.apply import fate, finder, ground_of, id_of, row_of
from tasks.generate.review.file import KEPT, ReviewRow, read_review
from tasks.kernel.errors import ConfigError, DataError
from tasks.records.corpus import Passage
from tasks.records.files import read_records

if TYPE_CHECKING:
    from serving.runs import FinishedRun


review = typer.Typer(help="Export pairs for people to review, and check what they decided.")


app.add_typer(review, name="review")


DomainName = Annotated[str, typer.Option("--domain", help="The domain whose pairs are reviewed.")]


@review.command()
def export(
    *,
    domain: DomainName,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    folder: RunFolder = None,
    form: Annotated[
        Literal["csv", "jsonl"] | None, typer.Option("--format", help="None: as the file's name ends.")
    ] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="So many pairs; none: all.")] = None,
    rejected: Annotated[bool, typer.Option("--rejected", help="Pairs that a check refused, too.")] = False,
    bom: Annotated[bool, typer.Option("--bom", help="Mark CSV as UTF-8 for Excel.")] = False,
) -> None:
    """Write one row a pair, with room for a decision; decisions made so far are in it."""
    with session() as settings:
        from serving.runs import open_run
        from tasks.generate.review.file import write_review

        if form and out.suffix != f".{form}":
            raise ConfigError(f"--out {out}: let its name end in .{form}, which tells the format")
        pairs = open_domain(open_run(folder, settings), domain)
        if out.exists():
            raise ConfigError(f"--out {out}: is there already and may hold decisions; name another file")
        rows = rows_to_review(pairs, pairs.decisions(), sample, rejected=rejected)
        count = write_review(out, rows, bom=bom)
    _say(
        f"{count} pairs in {out}: write accept, edit or reject into `decision`, new wording into"
        f" `edited_question` and `edited_answer`; then `pocketmoe review import {out} --domain {domain}`"
    )


@review.command(name="import")
def check(
    file: Annotated[Path, typer.Argument(help="The reviewed file.")],
    *,
    domain: DomainName,
    folder: RunFolder = None,
) -> None:
    """Check every decision in FILE and say what it does; the config names the file that a run applies."""
    with session() as settings:
        from serving.runs import open_run

        pairs = open_domain(open_run(folder, settings), domain)
        effects = check_decisions(file, pairs)
    _say(_told(effects))
    _say(_next_step(file, pairs))


def _told(effects: Counter[str]) -> str:
    lines = [f"{count:6d}  {effect}" for effect, count in sorted(effects.items())]
    return "\n".join(lines) if lines else "no decisions yet"


def _next_step(file: Path, pairs: "Reviewed") -> str:
    if pairs.review is not None and pairs.review.resolve() == file.resolve():
        return "the config names this file: run again to apply it"
    return f"to apply it, write `review: {file}` below `domains.{pairs.domain}` in the config and run again"


def _say(words: str) -> None:
    Console(emoji=False).print(words, markup=False, highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Reviewed:
    """A domain's pairs in a finished run."""

    domain: str
    candidates: Sequence[Candidate]
    passages: Mapping[str, Passage]
    review: Path | None
    """The review file that the run's config names."""

    def decisions(self) -> list[ReviewRow]:
        """Return what was decided before this run; raise DataError where its file is gone or damaged."""
        return list(read_review(self.review).values()) if self.review else []


def open_domain(run: "FinishedRun", domain: str) -> Reviewed:
    """Read a domain's pairs; raise ConfigError for an unknown domain, StoreError where the run lacks it."""
    config = reopen(run.folder).config
    if domain not in config.domains:
        raise ConfigError(f"--domain {domain}: this run has {', '.join(config.domains)}")
    passages = read_records(run.part(f"corpus/{domain}") / "passages.jsonl", Passage)
    return Reviewed(
        domain,
        read_records(run.part(f"qa/{domain}") / "candidates.jsonl", Candidate),
        {passage.id: passage for passage in passages},
        config.domains[domain].review,
    )


def rows_to_review(
    pairs: Reviewed, decisions: Sequence[ReviewRow], sample: int | None, *, rejected: bool
) -> list[ReviewRow]:
    """Return a row for each pair (of so many, always the same ones), and every decision made so far."""
    find = finder(decisions, pairs.passages)
    carried: dict[str, ReviewRow] = {}
    fresh: dict[str, ReviewRow] = {}
    for candidate in pairs.candidates:
        if row := find(candidate.example):
            carried[row.id] = row.model_copy(update={"fate": fate(candidate)})
        elif rejected or not candidate.reason:
            row = row_of(candidate, pairs.passages)
            fresh.setdefault(row.id, row)
    # The identity is a digest, so the least ones are a sample that stays when pairs are added.
    chosen = set(sorted(fresh)[:sample])
    lost = [row.model_copy(update={"fate": "gone"}) for row in decisions if row.id not in carried]
    return [*carried.values(), *lost, *(row for name, row in fresh.items() if name in chosen)]


def check_decisions(path: Path, pairs: Reviewed) -> Counter[str]:
    """Return how often each decision changes or confirms what is; raise DataError with row and column."""
    known = {id_of(candidate.example, pairs.passages): candidate for candidate in pairs.candidates}
    effects: Counter[str] = Counter()
    for number, row in read_review(path).items():
        candidate = known.get(row.id) or known.get(row.edited_id)
        if candidate is None and ground_of(row, pairs.passages) is None:
            raise DataError(
                f"{path}: row {number}, column id: {row.id} is no pair of {pairs.domain}, and its passage is"
                " not in that domain; remove the row, or name the domain that it was exported from"
            )
        effects[_effect(row, candidate)] += 1
    return effects


def _effect(row: ReviewRow, candidate: Candidate | None) -> str:
    kept = candidate is not None and fate(candidate) == KEPT
    match row.decision:
        case "accept":
            return "accept: stays" if kept else "accept: comes back"
        case "edit":
            return "edit: gets the new wording"
        case _:
            return "reject: goes" if kept else "reject: stays out"
