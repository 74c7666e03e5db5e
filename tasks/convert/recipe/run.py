"""Search the recipe of all bundles of a base, before anything is healed or converted.

In: `base`, a Hugging Face folder, and `qa/<domain>`. Out: `search.json`. The base is searched and not each
expert: healing, and adapters on a healed base, need the grid before there is an expert. What is measured is
rounding alone; healing wins back a part of it, and every bundle is measured again by evaluation.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import torch

from tasks.convert.recipe.answers import Answer, read_answers
from tasks.convert.recipe.candidates import Candidate, Shapes, uniform
from tasks.convert.recipe.config import RecipeCheck
from tasks.convert.recipe.mixing import mix, sensitivities
from tasks.convert.recipe.rounding import Roundable
from tasks.convert.recipe.trials import Trials
from tasks.kernel.errors import StageError
from tasks.kernel.workspace import Inputs, Metrics, Progress, Workspace
from tasks.models.loading import load_model, load_tokenizer
from tasks.models.precision import gpu_options
from tasks.records.recipe import LayerSensitivity, RecipeSearch, TriedRecipe, write_search

logger = logging.getLogger(__name__)


def run(inputs: Inputs, config: RecipeCheck, work: Workspace) -> Metrics:
    """Score uniform recipes, then mixed ones, and choose; raise StageError where none is within the bound."""
    base, datasets = inputs["base"], [inputs[name] for name in sorted(inputs) if name.startswith("qa/")]
    tokenizer = load_tokenizer(base)
    answers = read_answers(datasets, tokenizer, config, config.answers)
    few = read_answers(datasets, tokenizer, config, config.sensitivity_answers)
    model = load_model(base, torch.float32, **gpu_options())
    shapes: Shapes = {name: tuple(weight.shape) for name, weight in model.named_parameters()}
    fitting, left_out = uniform(shapes, config)
    rounded = Roundable(model, fitting[0].grids)
    trials = Trials(rounded, shapes, answers, config)
    for done, one in enumerate(fitting, 1):
        trials.score(one)
        work.progress(done, len(fitting), "recipes")
    starts = improvable(trials, fitting) if config.mixed else []
    order = mix_all(trials, starts, few, work.progress)
    return conclude(trials, order, left_out, work.out)


def improvable(trials: Trials, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the uniform recipes, the coarsest of each kind, that could become smaller than the best one."""
    coarsest: dict[tuple[int, str], Candidate] = {}
    for one in sorted(candidates, key=trials.bytes):
        coarsest.setdefault((one.block_size, one.quantization.embedding), one)
    within = {one.name for one in trials.tried if one.within}
    most = trials.best.bytes if trials.best else None
    return [
        one
        for one in coarsest.values()
        if one.name not in within and (most is None or trials.bytes(one) < most)
    ]


def mix_all(
    trials: Trials, starts: Sequence[Candidate], answers: Sequence[Answer], progress: Progress
) -> list[LayerSensitivity]:
    """Mix each of these recipes, and return what each layer costs; nothing where there is none to mix."""
    if not starts:
        return []
    order = sensitivities(trials, starts[0], answers, lambda done, total: progress(done, total, "layers"))
    for done, start in enumerate(starts, 1):
        mix(trials, start, [one.layer for one in order])
        progress(done, len(starts), "mixed recipes")
    return order


def conclude(trials: Trials, order: list[LayerSensitivity], left_out: list[str], out: Path) -> Metrics:
    """Write everything that was measured; raise StageError where no recipe is within the bound."""
    config, best = trials.config, trials.best
    if best is None:
        nearest = min(trials.tried, key=lambda one: one.perplexity_ratio.ends[1])
        raise StageError(
            f"convert.quantization: no recipe keeps the perplexity within {config.max_loss:+.1%} on"
            f" {len(trials.answers)} validation answers; the nearest, {nearest.name}, {lost(nearest)};"
            " raise `max_loss`, allow more recipes, or score on more `answers`"
        )
    logger.info("%s: %.1f MB of weights, %s", best.name, best.bytes / 1e6, lost(best))
    search = RecipeSearch(
        max_loss=config.max_loss,
        confidence=config.confidence,
        answers=len(trials.answers),
        tokens=sum(len(one.answer) for one in trials.answers),
        float_perplexity=trials.float_perplexity,
        tried=trials.tried,
        left_out=left_out,
        sensitivities=order,
        chosen=best.name,
    )
    write_search(out, search)
    ratio = best.perplexity_ratio.value
    return {"tried": len(trials.tried), "weight_bytes": best.bytes, "perplexity_ratio": ratio}


def lost(recipe: TriedRecipe) -> str:
    """Return in words what rounding to the recipe costs."""
    low, high = recipe.perplexity_ratio.ends
    return f"changes it by {recipe.perplexity_ratio.value - 1:+.1%} ({low - 1:+.1%} to {high - 1:+.1%})"
