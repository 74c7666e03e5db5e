"""The pipeline's DAG in one screen, read by the run and by the plan alike.

In: a configuration and a way to call a stage. Out: every node by name.

A run calls stages by submitting them to Prefect and gets futures; a plan computes their keys and gets
artifacts or pending nodes; a selection gets labels. Whatever a call gives, the DAG only hands it on to
further calls, which know what to do with it. So it may stand for the artifact that the stage promises, and
the type checker can follow artifacts through the DAG: `stand_in` is the one cast that says so.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar, cast

from flows.config import GENERALIST, Config
from flows.shared_sources import generation, shared_files
from tasks.convert.task import convert_expert
from tasks.evaluate.task import evaluate_system
from tasks.finetune.task import train_expert
from tasks.generate.task import generate_qa
from tasks.ingest.task import ingest_corpus
from tasks.kernel.artifacts import Artifact, Corpus, QADataset
from tasks.kernel.stage import Stage
from tasks.merge.task import merge_expert
from tasks.route.compare_config import ComparedRoutes
from tasks.route.task import compare_on_files, compare_routers, train_router

A = TypeVar("A", bound=Artifact)
P = ParamSpec("P")


class Call(Protocol):
    """Calls one stage; what it returns stands for the artifact and may be handed on."""

    def __call__(self, stage: Stage[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
        """Call `stage` with its own arguments."""


def stand_in(value: object, _for: Stage[P, A]) -> A:
    """Return `value`, which stands for the artifact that the stage promises (see the module's docstring)."""
    return cast("A", value)


def dag(config: Config, call: Call) -> dict[str, Artifact]:
    """Call every stage once per domain, then the fan-in; return the nodes by name."""
    base = config.base_model
    corpora, datasets = _questions(config, call)
    adapters, experts, bundles = {}, {}, {}
    router = call(train_router, datasets, config.described(config.route), config.out_of_scope.files())
    adapter = call(train_expert, GENERALIST, datasets, base, config.finetune_of(GENERALIST))
    generalist = call(merge_expert, GENERALIST, adapter, base, config.merge)
    for name in config.domains:
        adapters[name] = call(train_expert, name, {name: datasets[name]}, base, config.finetune_of(name))
        experts[name] = call(merge_expert, name, adapters[name], base, config.merge_of(name))
        bundles[name] = call(convert_expert, name, experts[name], config.convert_of(name))
    data = _named(corpora, datasets)
    evaluation = call(evaluate_system, router, data, experts, generalist, bundles, base, config.evaluate)
    return {
        **data,
        "router": router,
        "adapter-generalist": adapter,
        "merged-generalist": generalist,
        **{f"adapter/{name}": node for name, node in adapters.items()},
        **{f"merged/{name}": node for name, node in experts.items()},
        **{f"edge/{name}": node for name, node in bundles.items()},
        "evaluation": evaluation,
    }


def comparison_dag(config: Config, routes: ComparedRoutes, call: Call) -> dict[str, Artifact]:
    """Call what a comparison of routers needs; return the nodes by name."""
    corpora, datasets = _questions(config, call)
    return {
        **_named(corpora, datasets),
        "comparison": call(compare_routers, datasets, routes, config.out_of_scope.files()),
    }


def file_comparison_dag(train: Path, test: Path, routes: ComparedRoutes, call: Call) -> dict[str, Artifact]:
    """Call the comparison of routers on two files of questions."""
    return {"comparison": call(compare_on_files, train, test, routes)}


def _questions(config: Config, call: Call) -> tuple[dict[str, Corpus], dict[str, QADataset]]:
    corpora, datasets = {}, {}
    shared = shared_files(config)
    for name, domain in config.domains.items():
        local = domain.dataset.path if domain.dataset else None
        corpora[name] = call(ingest_corpus, name, config.ingest_of(name), domain.documents, local)
        datasets[name] = call(
            generate_qa,
            name,
            corpora[name],
            generation(config, name, shared),
            domain.review,
            config.benchmarks,
        )
    return corpora, datasets


def _named(corpora: Mapping[str, Corpus], datasets: Mapping[str, QADataset]) -> dict[str, Corpus | QADataset]:
    return {
        **{f"corpus/{name}": node for name, node in corpora.items()},
        **{f"qa/{name}": node for name, node in datasets.items()},
    }
