"""What was read is what is recorded: a job's own files when its key is made, and again after it read them.

In: a job, before and after its stage ran. Out: nothing, or a ChangedInputError that names what changed. Bytes
are digested again, because a time can be set back; and the time of change is compared too, which no program
sets, because bytes that changed and changed back have the same digest. What was built of changed files is
never remembered.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tasks.kernel.artifacts import Artifact
from tasks.kernel.errors import DocumentError, ModelError
from tasks.kernel.fingerprint import Recipe, contents, differences
from tasks.kernel.job import Job, job_recipe
from tasks.kernel.user_files import user_files

A = TypeVar("A", bound=Artifact)
Mark = tuple[int, ...]
REMEDY = "; run again when nothing writes there"
_SHOWN = 5


class ChangedInputError(DocumentError):
    """Files that a stage reads changed after its key was made of them."""


@dataclass(frozen=True)
class Seen:
    """A job's recipe, and the marks of the files that went into it."""

    recipe: Recipe
    marks: dict[str, Mark]


def see(stage: str, job: Job[A]) -> Seen:
    """Return what `job` is made of now; raise FingerprintError or DocumentError."""
    # The marks come first: what changes while it is digested is noticed afterwards.
    marks = dict(_marks(job))
    return Seen(job_recipe(stage, job), marks)


def require_untouched(stage: str, job: Job[A], seen: Seen) -> None:
    """Raise ChangedInputError where files look changed while the stage waited: digests take time."""
    if dict(_marks(job)) != seen.marks:
        require_unchanged(stage, job, seen)


def require_unchanged(stage: str, job: Job[A], seen: Seen) -> None:
    """Raise ChangedInputError that names the files which are not what they were."""
    try:
        now = see(stage, job)
    except (DocumentError, ModelError) as error:
        raise ChangedInputError(f"{error} (it was there when the run began)") from error
    leaves = [line.rpartition(": ")[0] for line in _differences(seen.recipe, now.recipe)]
    names = leaves or sorted(
        name for name in seen.marks.keys() | now.marks.keys() if seen.marks.get(name) != now.marks.get(name)
    )
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        raise ChangedInputError(
            f"{', '.join(names[:_SHOWN])}{more}: changed before or while it was read{REMEDY}"
        )


def _differences(old: Recipe, new: Recipe) -> list[str]:
    return [line for part in ("sources", "models", "config") for line in differences(old[part], new[part])]


def _marks(job: Job[A]) -> Iterator[tuple[str, Mark]]:
    """Yield what the file system says of each file: it costs no reading.

    No numbers of devices and files, which network file systems give anew. A model is read at the beginning
    of hours: a backup's hard links, which change its time of change, must not cost these.
    """
    inside = [*contents(job.config), *contents(dict(job.models))]
    for name, path in job.sources.items():
        yield from _marked(path, name, lambda found: (found.st_size, found.st_mtime_ns, found.st_ctime_ns))
    for content in inside:
        yield from _marked(content.path, content.field, lambda found: (found.st_size, found.st_mtime_ns))


def _marked(path: Path, field: str, mark: Callable[[os.stat_result], Mark]) -> Iterator[tuple[str, Mark]]:
    for entry in user_files(path):
        if entry.readable:
            with suppress(OSError):
                yield f"{field}.{entry.name}", mark(entry.path.stat())
