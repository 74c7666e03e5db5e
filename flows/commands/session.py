"""What every command shares: the application, the settings, and how an error is told.

In: the environment. Out: prepared settings for the block of a command; an error of the pipeline
becomes one message on standard error and an exit code: 2 where the user can mend it, else 1.
"""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tasks.kernel.errors import PipelineError, StageError

if TYPE_CHECKING:
    from tasks.kernel.settings import Settings

app = typer.Typer(
    help="From a library of PDFs to a mixture of pocket-size experts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ConfigFiles = Annotated[list[Path], typer.Argument(help="YAML files, merged left to right.")]
RunFolder = Annotated[Path | None, typer.Option("--run", help="A run's folder; none: the newest.")]


_CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})


@contextmanager
def session(*, writes: bool = False) -> "Iterator[Settings]":
    """Prepare the environment, and turn the pipeline's errors into one message and an exit code.

    A command that `writes` is refused at once where the folders that it writes to are closed.
    """
    from flows.runs.room import refuse_unwritable
    from flows.server.local import prepare_environment
    from tasks.kernel.execution.worker import FULL_DISK, explain
    from tasks.kernel.settings import Settings

    try:
        settings = Settings.read()
        prepare_environment(settings)
        if writes:
            refuse_unwritable(settings)
        yield settings
    except PipelineError as error:
        _tell(str(error))
        sys.exit(1 if isinstance(error, StageError) else 2)
    except OSError as error:
        if error.errno not in FULL_DISK | _CLOSED:
            raise
        closed = f"{error.filename or 'a file'}: {error.strerror}; open it for this user, or set another"
        _tell(closed if error.errno in _CLOSED else explain(error))
        sys.exit(2)


def warn(message: str) -> None:
    """Say on standard error what does not end the command."""
    _print(f"warning: {message}", "yellow")


def _tell(message: str) -> None:
    _print(f"error: {message}", "red")


def _print(message: str, style: str) -> None:
    # A file's name need not be text.
    shown = message.encode(errors="backslashreplace").decode()
    Console(stderr=True, emoji=False).print(shown, style=style, markup=False, highlight=False, soft_wrap=True)
