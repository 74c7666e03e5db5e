"""Score answers that are programs by running their unit tests.

In: answers, and questions with their tests. Out: whether each passes, and pass@k of several. What runs is
the question's own beginning where it has one, the answer and the tests, as in HumanEval (arXiv:2107.03374)
and MBPP (arXiv:2108.07732). Nothing of it runs but in the sandbox.
"""

from functools import cache, partial
from math import comb

from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metric_config import PassAtK
from tasks.evaluate.metrics.code_blocks import code_of
from tasks.evaluate.metrics.measure import Measure, compares
from tasks.sandbox.config import SandboxConfig
from tasks.sandbox.run import Outcome, run_program


def pass_at_1(settings: PassAtK) -> Measure:
    """Return whether each answer passes; raise UnsupportedError where programs cannot be run safely here."""
    outcome = cache(partial(_run, settings.sandbox))
    outcome("")
    return compares(
        "pass_at_1", lambda answer, question: _passes(outcome(program(answer, question))), "tests"
    )


def program(answer: str, question: Question) -> str:
    """Return what is run: an answer may be a whole function, or go on where the question's code ends."""
    return "\n".join((question.checks.get("prompt", ""), code_of(answer), question.checks["tests"]))


def pass_at_k(samples: int, passed: int, k: int) -> float:
    """Return the chance that one of `k` answers passes, estimated without bias from `samples` answers.

    1 - C(n - c, k) / C(n, k), as in section 2.1 of arXiv:2107.03374, in whole numbers.
    """
    return 1 - comb(samples - passed, k) / comb(samples, k)


def _run(sandbox: SandboxConfig, source: str) -> Outcome:
    return run_program(source, sandbox)


def _passes(outcome: Outcome) -> float:
    return float(outcome.passed)
