"""Chat in a terminal or through a pipe: an expert, the generalist or a refusal answers each question.

In: a finished run and a source of questions. Out: for each question who answers and why, and the
answer as it comes. Every question stands alone, because that is what the experts were trained on.
"""

import logging
import warnings
from collections.abc import Generator
from contextlib import closing
from typing import Protocol

from rich.console import Console

from serving.answerer import GENERALIST, answerer, refusal, wants_generalist
from serving.asking import Ask, until_farewell
from serving.plain import say
from serving.runs import FinishedRun
from tasks.kernel.errors import DataError
from tasks.router_runtime.files import load_router
from tasks.router_runtime.router import Router

GENERALIST_PART = "adapter-generalist"


class Experts(Protocol):
    """A way to have questions answered: adapters on their base, or the bundles for phones."""

    def answer(self, domain: str, question: str) -> Generator[str, None, None]:
        """Yield the pieces of an answer as they come; `domain` may be `generalist` where there is one."""

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
    generalist = not edge and GENERALIST_PART in run.artifacts
    with closing(open_experts(run, edge=edge, max_new_tokens=max_new_tokens)) as experts:
        if console.is_terminal:
            _greet(router, console, generalist=generalist)
        for question in until_farewell(ask):
            reply(router, experts, question, console, generalist=generalist)


def open_experts(run: FinishedRun, *, edge: bool, max_new_tokens: int) -> Experts:
    """Return the run's experts; their weights are loaded when they are first asked."""
    if edge:
        from serving.edge import EdgeExperts

        return EdgeExperts(run.domains("edge"), run.settings.home / "litert", max_new_tokens)
    adapters = run.domains("adapter")
    if GENERALIST_PART in run.artifacts:
        adapters[GENERALIST] = run.part(GENERALIST_PART)
    _quiet()

    from serving.adapters import AdapterExperts

    return AdapterExperts(run.base_model.folder(), adapters, max_new_tokens)


def reply(router: Router, experts: Experts, question: str, console: Console, *, generalist: bool) -> None:
    """Say who answers and why, then the answer; `generalist`: whether there is one among `experts`."""
    [decision] = router.decide([question])
    chosen = answerer(decision, router.policy, generalist=generalist)
    say(console, chosen.line, style="bold")
    if chosen.name is None:
        say(console, f"{refusal(router.policy, router.labels)}\n")
        return
    try:
        with closing(experts.answer(chosen.name, question)) as pieces:
            for piece in pieces:
                say(console, piece, end="")
    except KeyboardInterrupt:
        say(console, " ...", end="")
    except DataError as error:
        say(console, f"error: {error}", style="red", end="")
    say(console, "\n")


def _greet(router: Router, console: Console, *, generalist: bool) -> None:
    say(console, f"experts: {', '.join(router.labels)}; an empty line ends the chat")
    if wants_generalist(router.policy) and not generalist:
        say(
            console,
            "no generalist here: the best expert answers when unsure; what is out of scope is refused",
        )


def _quiet() -> None:
    """Keep the libraries' bars and advice to developers out of the conversation."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    warnings.simplefilter("ignore", FutureWarning)
