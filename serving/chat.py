"""Chat in a terminal or through a pipe: an expert, the generalist or a refusal answers each question.

In: a finished run and a source of questions. Out: for each question who answers and why, and the
answer as it comes. Every question stands alone, because that is what the experts were trained on.
"""

import logging
import warnings
from collections.abc import Iterable
from contextlib import closing

from rich.console import Console

from serving.chosen_model import GENERALIST, answerer, refusal, wants_generalist
from serving.experts import Experts, open_experts
from serving.question_router import QuestionRouter
from serving.runs import FinishedRun
from serving.terminal import say
from tasks.kernel.errors import DataError
from tasks.router_runtime.router_files import load_router


def chat(
    run: FinishedRun, questions: Iterable[str], console: Console, *, edge: bool, max_new_tokens: int
) -> None:
    """Answer each question.

    Ctrl-C ends an answer while one is being written, and otherwise the chat. Raises
    PipelineError where the run has no router or no experts that can be loaded.
    """
    router = load_router(run.part("router"))
    if not edge:
        _quiet()
    converse(router, open_experts(run, edge=edge, max_new_tokens=max_new_tokens), questions, console)


def converse(router: QuestionRouter, experts: Experts, questions: Iterable[str], console: Console) -> None:
    """Answer each question, and close the experts."""
    with closing(experts):
        if console.is_terminal:
            _greet(router, experts, console)
        for question in questions:
            reply(router, experts, question, console)


def reply(router: QuestionRouter, experts: Experts, question: str, console: Console) -> None:
    """Say who answers and why, then the answer."""
    [decision] = router.decide([question])
    chosen = answerer(decision, router.policy, generalist=GENERALIST in experts.names)
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


def _greet(router: QuestionRouter, experts: Experts, console: Console) -> None:
    say(console, f"experts: {', '.join(router.labels)}; an empty line ends the chat")
    if wants_generalist(router.policy) and GENERALIST not in experts.names:
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
