"""The command line: thin commands over the flow, the plan and the artifacts of finished runs.

In: arguments. Out: tables and JSON on standard output, progress and errors on standard error,
exit code 2 where the user can mend what went wrong. Imports that take seconds wait until a
command needs them and the environment of Prefect is prepared.
"""

from flows.commands import build, compare, export, keep, models, operate, review, use, watch
from flows.commands.session import app

__all__ = ["app", "build", "compare", "export", "keep", "models", "operate", "review", "use", "watch"]

if __name__ == "__main__":
    app()
