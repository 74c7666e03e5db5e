"""Do experts know their book, and does the router find them? The demo's figures beside what they must reach.

In: `results/demo.json`, which `benchmarks.demo` wrote. Out: `results/book.json`. Fresh documents that people
read are no part of it yet.
"""

import json
from typing import Any

from benchmarks.machine import RESULTS, save
from benchmarks.readme import update_readme
from flows.report.schema import Report
from tasks.kernel.errors import DataError
from tasks.records.evaluation import OnYardstick
from tasks.records.router import Scores, Split


def main() -> None:
    """Take the figures from the demo's report, and write the results."""
    demo = json.loads((RESULTS / "demo.json").read_text(encoding="utf-8"))
    save("book", figures(Report.model_validate({**demo["report"], "config": {}})))
    update_readme()


def figures(report: Report) -> dict[str, Any]:
    """Return the experts' figures on either yardstick, and the router's; raise DataError without them."""
    if not report.router or "recall" not in report.router.splits:
        raise DataError("results/demo.json: no router was asked about `recall`; run `benchmarks.demo` again")
    measured = {name: part.evaluation for name, part in report.domains.items() if part.evaluation}
    return {
        "recall": {name: _expert(part.recall) for name, part in measured.items() if part.recall},
        "transfer": {name: _expert(part) for name, part in measured.items()},
        "router": {
            "recall": _router(report.router.splits["recall"]),
            "transfer": _router(report.router),
        },
    }


def _expert(part: OnYardstick) -> dict[str, Any]:
    low, high = part.comparison.ratio.ends
    facts = part.key_facts
    named = {"base": facts.base, "generalist": facts.generalist, "expert": facts.expert} if facts else {}
    shares = {name: round(found.value, 4) for name, found in named.items()}
    return {
        "questions": part.questions,
        "passages": part.passages,
        "to_generalist": round(part.comparison.ratio.value, 4),
        "interval": [round(low, 4), round(high, 4)],
        "key_facts": shares,
    }


def _router(scores: Scores | Split) -> dict[str, float | None]:
    return {"accuracy": scores.accuracy, "ece": scores.ece, "questions": scores.questions}


if __name__ == "__main__":
    main()
