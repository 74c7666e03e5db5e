"""Chat in a terminal or through a pipe: each question goes to one expert.

In: a finished run and a source of questions. Out: for each question its expert with the
router's confidence, and the answer as it comes. Every question stands alone, because that
is what the experts were trained on. What people and models write is data: no markup, no
emoji names, no control characters.
"""

import logging
import sys
import warnings
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Protocol

from rich.console import Console

from serving.runs import FinishedRun
from tasks.errors import DataError
from tasks.router import Router, load_router

Ask = Callable[[], str]
"""Returns the next question; raises EOFError after the last."""
FAREWELLS = {"", "exit", "quit"}
_CONTROL = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


class Experts(Protocol):
    """A way to have questions answered: adapters on their base, or the bundles for phones."""

    def answer(self, domain: str, question: str) -> Generator[str, None, None]:
        """Yield the pieces of the domain's answer as they come."""

    def close(self) -> None:
        """Give memory back."""


def chat(
    run: FinishedRun, ask: Ask, console: Console, *, edge: bool = False, max_new_tokens: int = 256
) -> None:
    """Answer until the questions end, or one is empty, `exit` or `quit`.

    Ctrl-C ends an answer while one is being written, and otherwise the chat. Raises
    PipelineError where the run has no router or no experts that can be loaded.
    """
    router = load_router(run.part("router"))
    with closing(open_experts(run, edge=edge, max_new_tokens=max_new_tokens)) as experts:
        if console.is_terminal:
            say(console, f"experts: {', '.join(router.labels)}; an empty line ends the chat")
        while (question := _next(ask)) is not None:
            reply(router, experts, question, console)


def open_experts(run: FinishedRun, *, edge: bool, max_new_tokens: int) -> Experts:
    """Return the run's experts; their weights are loaded when they are first asked."""
    if edge:
        from serving.edge import EdgeExperts

        return EdgeExperts(run.domains("edge"), run.settings.home / "litert", max_new_tokens)
    adapters = run.domains("adapter")
    _quiet()

    from serving.adapters import AdapterExperts
    from tasks.loading import model_folder

    return AdapterExperts(model_folder(run.base_model), adapters, max_new_tokens)


def reply(router: Router, experts: Experts, question: str, console: Console) -> None:
    """Say which expert is asked and how sure the router is, then the answer."""
    [domain], [odds] = router.predict([question])
    say(console, f"[{domain} {max(odds):.0%}]", style="bold")
    try:
        with closing(experts.answer(domain, question)) as pieces:
            for piece in pieces:
                say(console, piece, end="")
    except KeyboardInterrupt:
        say(console, " ...", end="")
    except DataError as error:
        say(console, f"error: {error}", style="red", end="")
    say(console, "\n")


def say(console: Console, text: str, style: str = "", end: str = "\n") -> None:
    """Print text as it is, without control characters."""
    plain = text.translate(_CONTROL)
    console.print(plain, style=style, end=end, markup=False, emoji=False, highlight=False, soft_wrap=True)


def questions_of(console: Console) -> Ask:
    """Return a source of questions: a prompt on a terminal, the lines of standard input elsewhere."""
    if sys.stdin.isatty():
        return lambda: console.input("> ", markup=False)
    return _line


def _quiet() -> None:
    """Keep the libraries' bars and advice to developers out of the conversation."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    warnings.simplefilter("ignore", FutureWarning)


def _line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


def _next(ask: Ask) -> str | None:
    try:
        question = ask().strip()
    except (EOFError, KeyboardInterrupt):
        return None
    return None if question.lower() in FAREWELLS else question
