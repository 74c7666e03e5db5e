"""The pipeline's DAG in one screen, read by the run and by the plan alike.

In: a configuration and a way to call a stage. Out: every node by name.
"""

from collections.abc import Mapping
from pathlib import Path

from flows.calls import Call
from flows.config import GENERALIST, Config
from flows.recipe_search import Searched, searched
from flows.shared_sources import generation, shared_files
from tasks.convert.config import GraphConfig
from tasks.convert.task import convert_adapter, convert_base, convert_expert, follow_expert, trace_graph
from tasks.evaluate.task import evaluate_system
from tasks.finetune.task import train_expert
from tasks.generate.task import generate_qa
from tasks.heal.task import heal_base, heal_expert
from tasks.ingest.task import ingest_corpus
from tasks.kernel.artifacts import (
    Adapter,
    Artifact,
    Corpus,
    EdgeAdapter,
    EdgeBase,
    EdgeModel,
    EquivalenceChain,
    FloatGraph,
    HealedModel,
    MergedModel,
    QADataset,
)
from tasks.merge.task import merge_expert
from tasks.models.sources import ModelSource
from tasks.route.compare_config import ComparedRoutes
from tasks.route.task import compare_on_files, compare_routers, train_router

Shipped = EdgeModel | EdgeBase | EdgeAdapter | EquivalenceChain


def dag(config: Config, call: Call) -> dict[str, Artifact]:
    """Call every stage once per domain, then the fan-in; return the nodes by name."""
    base = config.base_model
    corpora, datasets = _questions(config, call)
    adapters, experts = {}, {}
    router = call(
        train_router, datasets, config.described(config.route), config.out_of_scope.files(), corpora
    )
    found = searched(config, datasets, call)
    healed = call(heal_base, base, config.base_healing(), found.recipe) if config.heals_base() else None
    below = _trained_from(config, GENERALIST, healed)
    adapter = call(train_expert, GENERALIST, datasets, below, config.finetune_of(GENERALIST))
    generalist = call(merge_expert, GENERALIST, adapter, below, config.merge)
    for name in config.domains:
        below = _trained_from(config, name, healed)
        adapters[name] = call(train_expert, name, {name: datasets[name]}, below, config.finetune_of(name))
        experts[name] = call(merge_expert, name, adapters[name], below, config.merge_of(name))
    settled = _settled(config, (healed, found), experts, datasets, call)
    graphs, bundles = _shipped(config, (experts, settled), (corpora, datasets), found, call)
    shipped = {**bundles, **_shared(config, (healed, found), adapters, call)}
    data, measured = _named(corpora, datasets), _measured(config, shipped)
    evaluation = call(evaluate_system, router, data, experts, generalist, measured, base, config.evaluate)
    return {
        **data,
        "router": router,
        "adapter-generalist": adapter,
        "merged-generalist": generalist,
        **{f"adapter/{name}": node for name, node in adapters.items()},
        **{f"merged/{name}": node for name, node in experts.items()},
        **found.nodes(),
        **({} if healed is None else {"healed": healed}),
        **{f"healed/{name}": node for name, node in settled.items()},
        **graphs,
        **shipped,
        "evaluation": evaluation,
    }


def comparison_dag(config: Config, routes: ComparedRoutes, call: Call) -> dict[str, Artifact]:
    """Call what a comparison of routers needs; return the nodes by name."""
    corpora, datasets = _questions(config, call)
    return {
        **_named(corpora, datasets),
        "comparison": call(compare_routers, datasets, routes, config.out_of_scope.files(), corpora),
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


def _trained_from(config: Config, name: str, healed: HealedModel | None) -> ModelSource | HealedModel:
    """Return the weights below an adapter; a base that comes healed is trained on as it is."""
    on_grid = config.finetune_of(name).quantization == "int4"
    return healed if on_grid and healed is not None else config.base_model


def _settled(
    config: Config,
    base: tuple[HealedModel | None, Searched],
    experts: dict[str, MergedModel],
    datasets: dict[str, QADataset],
    call: Call,
) -> dict[str, HealedModel]:
    """Heal every expert that is to be; the others are converted as they were merged."""
    healed, found = base
    return {
        name: call(
            heal_expert,
            name,
            expert,
            datasets[name],
            config.expert_healing(name),
            found.of(config, name),
            *((healed, _trained_from(config, name, healed)) if config.heal_of(name).begins_healed else ()),
        )
        for name, expert in experts.items()
        if config.heal_of(name).kind == "distill" and config.convert_of(name).form != "shared"
    }


def _shipped(
    config: Config,
    models: tuple[Mapping[str, MergedModel], Mapping[str, HealedModel]],
    texts: tuple[Mapping[str, Corpus], Mapping[str, QADataset]],
    found: Searched,
    call: Call,
) -> tuple[dict[str, FloatGraph], dict[str, EdgeModel | EquivalenceChain]]:
    """Convert every expert that has a bundle of its own, and follow it from its merged weights into that.

    Returns the graphs, of which several experts may use one, by name, and all else.
    """
    (experts, settled), (corpora, datasets) = models, texts
    graphs: dict[str, FloatGraph] = {}
    shipped: dict[str, EdgeModel | EquivalenceChain] = {}
    shapes: dict[GraphConfig, str] = {}
    for name, expert in experts.items():
        healed, convert = settled.get(name), config.convert_of(name)
        if convert.form == "shared":
            continue
        model: MergedModel | HealedModel = expert if healed is None else healed
        graph = _graph(config, name, model, (graphs, shapes), call)
        read = (corpora[name], datasets[name]) if "task" in convert.formats else (None, None)
        recipe = found.of(config, name)
        edge = call(convert_expert, name, model, graph, convert.of_merged(), recipe, *read)
        shipped[f"edge/{name}"] = edge
        shipped[f"chain/{name}"] = call(
            follow_expert, name, expert, healed, graph, edge, datasets[name], config.chain_of(name)
        )
    return graphs, shipped


def _graph(
    config: Config,
    name: str,
    model: MergedModel | HealedModel,
    known: tuple[dict[str, FloatGraph], dict[GraphConfig, str]],
    call: Call,
) -> FloatGraph:
    """Trace the base once for all experts that want the same graph, and by itself one that asks for it."""
    graphs, shapes = known
    convert = config.convert_of(name)
    wanted, own = convert.graph(), f"graph/{name}"
    if convert.trace == "own":
        graphs[own] = call(trace_graph, model, wanted, name)
        return graphs[own]
    if wanted not in shapes:
        everybodys = wanted == config.convert.graph()
        shapes[wanted] = "graph" if everybodys else own
        graphs[shapes[wanted]] = call(trace_graph, config.base_model, wanted, "" if everybodys else name)
    return graphs[shapes[wanted]]


def _shared(
    config: Config,
    base: tuple[HealedModel | None, Searched],
    adapters: Mapping[str, Adapter],
    call: Call,
) -> dict[str, EdgeBase | EdgeAdapter]:
    """Convert one base for all experts, and the adapter of each that is to be kept apart.

    An adapter is its domain's `edge/<domain>`, or stands beside its bundle as `edge-adapter/<domain>`.
    """
    forms = {name: config.convert_of(name).form for name in adapters}
    if set(forms.values()) == {"merged"}:
        return {}
    healed, found = base
    model = config.base_model if healed is None else healed
    edge_base = call(convert_base, model, config.convert.of_base(), found.recipe)
    shared = config.convert.shared
    apart = {
        f"{'edge' if form == 'shared' else 'edge-adapter'}/{name}": call(
            convert_adapter, name, edge_base, adapters[name], shared
        )
        for name, form in forms.items()
        if form != "merged"
    }
    return {"edge-base": edge_base, **apart}


def _measured(config: Config, shipped: Mapping[str, Shipped]) -> dict[str, Shipped]:
    """Return what is evaluated of every domain, and the base where that is an adapter."""
    found = {name: node for name, node in shipped.items() if name.startswith(("edge/", "chain/"))}
    if any(config.convert_of(name).form == "shared" for name in config.domains):
        found["edge-base"] = shipped["edge-base"]
    return found


def _named(corpora: Mapping[str, Corpus], datasets: Mapping[str, QADataset]) -> dict[str, Corpus | QADataset]:
    return {
        **{f"corpus/{name}": node for name, node in corpora.items()},
        **{f"qa/{name}": node for name, node in datasets.items()},
    }
