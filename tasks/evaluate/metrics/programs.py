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
from tasks.evaluate.metrics.measure import Found, Measure, Questions, Samples, compares
from tasks.sandbox.config import SandboxConfig
from tasks.sandbox.run import Outcome, run_program

_TOP_LEVEL = ("def ", "async ", "class ", "@")
_IN_FUNCTIONS = ("return", "raise", "yield", "pass")


def passing_tests(settings: PassAtK) -> Measure:
    """Return whether each answer passes, and pass@k of several.

    Raises UnsupportedError where programs cannot be run safely here.
    """
    outcome = cache(partial(_run, settings.sandbox))
    outcome("")

    def passes(answer: str, question: Question) -> float:
        return float(outcome(program(answer, question)).passed)

    def sampled(samples: Samples, questions: Questions) -> Found:
        counts = [
            (len(answers), int(sum(passes(answer, question) for answer in answers)))
            for answers, question in zip(samples, questions, strict=True)
        ]
        return {f"pass_at_{k}": [pass_at_k(*count, k) for count in counts] for k in settings.k}

    one = compares("pass_at_1", passes)
    return Measure(one.score, sampled=sampled, needs="tests")


def program(answer: str, question: Question) -> str:
    """Return what is run: an answer may be a whole function, or go on where the question's code ends."""
    code, prompt = code_of(answer), question.checks.get("prompt", "")
    return "\n".join((prompt, _indented(code) if prompt else code, question.checks["tests"]))


def _indented(code: str) -> str:
    """Return code that goes on inside a function with the indent of its first line, which answers lose."""
    first, *rest = [line for line in code.splitlines() if line.strip()] or [""]
    own = first[:1].isspace() or first.startswith(_TOP_LEVEL)
    inside = all(line[:1].isspace() for line in rest) if rest else first.startswith(_IN_FUNCTIONS)
    return code if own or not inside else f"    {code}"


def pass_at_k(samples: int, passed: int, k: int) -> float:
    """Return the chance that one of `k` answers passes, estimated without bias from `samples` answers.

    1 - C(n - c, k) / C(n, k), as in section 2.1 of arXiv:2107.03374, in whole numbers.
    """
    return 1 - comb(samples - passed, k) / comb(samples, k)


def _run(sandbox: SandboxConfig, source: str) -> Outcome:
    return run_program(source, sandbox)
