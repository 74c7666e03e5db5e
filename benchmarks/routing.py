"""How well, how surely and how fast each kind of router finds the expert, on public question sets.

Writes `results/routing.json`. Run `python -m benchmarks.routing --data FOLDER`; FOLDER holds `clinc150` (150
intents on their official split, and questions that belong to none) and `legal-india-qa` (three codes of law).
What is measured is what `pocketmoe compare-routers` measures: the file that ships, on questions that no
weight, threshold or choice has seen.
"""

import argparse
import json
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import save
from tasks.kernel.settings import PROJECT
from tasks.records.router_comparison import Compared
from tasks.route.compare.question_files import Side
from tasks.route.compare.side_by_side import compare_routers
from tasks.route.composite_config import CascadeRouter, CascadeStage
from tasks.route.config import RouteConfig, RouterKind
from tasks.route.encoder.encoder_folders import encoder_folders
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.measure.labelled_questions import Questions, plain
from tasks.route.measure.neighbours import leak_free_split
from tasks.route.single_config import EncoderRouter, SemanticRouter, TfidfReferenceRouter, TfidfRouter

WORK = PROJECT / "artifacts" / "bench-routing"
SEED = 42
TEST_SHARE = 0.2
WITHOUT, WITH = 0.01, 0.03
"""Questions in scope that a router may reject: without out-of-scope examples, and with them."""
LINEAR: tuple[RouterKind, ...] = (TfidfReferenceRouter(), TfidfRouter())
CASCADE = CascadeRouter(stages=(CascadeStage(router=TfidfRouter()), CascadeStage(router=SemanticRouter())))
NEURAL: tuple[RouterKind, ...] = (SemanticRouter(), EncoderRouter(num_epochs=8))
LEGAL = {"constitution": "constitution_qa.json", "procedure": "crpc_qa.json", "penal-code": "ipc_qa.json"}


def main() -> None:
    """Measure, and write the results as they come."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    data: Path = parser.parse_args().data
    shutil.rmtree(WORK, ignore_errors=True)
    figures: dict[str, object] = {}
    for name, measured in (("legal", _legal), ("clinc150", _intents), ("examples", _examples)):
        figures[name] = [row.model_dump(mode="json") for row in measured(data)]
        save("routing", figures)
    shutil.rmtree(WORK)


def _legal(data: Path) -> list[Compared]:
    """Three codes of law, split so that no near-identical questions are on two sides."""
    rows = [
        (item["question"], domain)
        for domain, name in LEGAL.items()
        for item in json.loads((data / "legal-india-qa" / name).read_text(encoding="utf-8"))
    ]
    split = leak_free_split(_questions(rows, "legal"), TEST_SHARE, SEED)
    kinds = (*LINEAR, NEURAL[0], CASCADE)
    return _compared(
        "legal",
        Side(split.train, ()),
        Side(split.test, ()),
        None,
        [RouteConfig(router=kind) for kind in kinds],
    )


def _intents(data: Path) -> list[Compared]:
    """150 intents; thresholds rest on questions in scope alone."""
    routes = [RouteConfig(router=LINEAR[0])] + [
        RouteConfig(router=kind, max_false_rejections=WITHOUT) for kind in (LINEAR[1], *NEURAL, CASCADE)
    ]
    return _clinc(data, routes, examples=False)


def _examples(data: Path) -> list[Compared]:
    """150 intents; 100 out-of-scope examples tell the router what belongs to none."""
    routes = [RouteConfig(router=kind, max_false_rejections=WITH) for kind in (LINEAR[1], *NEURAL)]
    return _clinc(data, routes, examples=True)


def _clinc(data: Path, routes: Sequence[RouteConfig], *, examples: bool) -> list[Compared]:
    sides = json.loads((data / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    train, validation, test = (_questions(sides[name], name) for name in ("train", "val", "test"))
    outside = {name: tuple(text for text, _ in sides[name]) for name in ("oos_train", "oos_test")}
    return _compared(
        "clinc150",
        Side(train, outside["oos_train"] if examples else ()),
        Side(test, outside["oos_test"]),
        validation,
        routes,
    )


def _compared(
    name: str, train: Side, test: Side, validation: Questions | None, routes: Sequence[RouteConfig]
) -> list[Compared]:
    folders = encoder_folders(*[route.router for route in routes])
    # A second comparison on the same questions finds the first one's encoder trained.
    resources = Resources(folders, WORK / name)
    written = WORK / f"{name}-routers"
    shutil.rmtree(written, ignore_errors=True)
    return compare_routers(train, test, routes, resources, written, validation)


def _questions(rows: Sequence[tuple[str, str]], side: str) -> Questions:
    texts = tuple(text for text, _ in rows)
    return Questions(
        tuple(f"{side}-{number}" for number in range(len(rows))),
        texts,
        tuple(domain for _, domain in rows),
        tuple(map(plain, texts)),
    )


if __name__ == "__main__":
    main()
