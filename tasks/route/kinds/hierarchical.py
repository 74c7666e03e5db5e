"""Fit a hierarchy: labelled questions and groups of domains in, a `HierarchyScorer` out.

Held-out scores multiply what each level says of questions that it had not seen; a question of one group was
never shown to the others' routers.
"""

from collections.abc import Sequence
from dataclasses import replace

from tasks.kernel.errors import ConfigError
from tasks.route.composite_config import HierarchicalRouter, KeywordRouter, SingleRouter
from tasks.route.confidence.calibration import with_confidence
from tasks.route.confidence.unseen import unseen_by_all, unseen_scores
from tasks.route.config import RouteConfig
from tasks.route.kinds.single import fit_with_held_out
from tasks.route.kinds.uncalibrated import HeldOutScores, Resources, UncalibratedRouter, constant_scorer
from tasks.route.measure.labelled_questions import Questions
from tasks.router_runtime.composite import HierarchyScorer
from tasks.router_runtime.stage_evidence import stage_evidence


def fit_hierarchical(
    train: Questions, validation: Questions | None, config: HierarchicalRouter, resources: Resources
) -> UncalibratedRouter:
    """Fit the router to groups and one inside each; raise ConfigError where groups and domains differ."""
    _require_same(config, train)
    group_of = {domain: group for group, domains in config.groups.items() for domain in domains}
    grouped = _to_groups(train, group_of)
    checked = _to_groups(validation, group_of) if validation else None
    coarse = fit_with_held_out(grouped, checked, config.coarse, resources.inside("coarse"))
    parts = [_inside(train, group, group_of) for group in coarse.labels]
    checks = [_inside(validation, group, group_of) if validation else None for group in coarse.labels]
    fine = [
        _fit_fine(part, check, config, resources.inside(f"fine-{place}"))
        for place, (part, check) in enumerate(zip(parts, checks, strict=True))
    ]
    asked = train.joined(validation) if validation else train
    questions = unseen_by_all([(coarse, train), *zip(fine, parts, strict=True)], asked)
    routers = [with_confidence(one, RouteConfig(), ()) for one in (coarse, *fine)]
    scorer = HierarchyScorer(tuple(train.domains), routers[0], tuple(routers[1:]))
    evidence = [
        stage_evidence(router, unseen_scores(one, questions))
        for router, one in zip(routers, (coarse, *fine), strict=True)
    ]
    return UncalibratedRouter(
        scorer.labels, scorer, HeldOutScores(questions, scorer.multiply(evidence[0], evidence[1:]))
    )


def _require_same(config: HierarchicalRouter, train: Questions) -> None:
    named = {domain for domains in config.groups.values() for domain in domains}
    if missing := sorted(set(train.domains) - named):
        raise ConfigError(f"`groups`: domain {missing[0]} is in no group; add it to one")
    if unknown := sorted(named - set(train.domains)):
        raise ConfigError(
            f"`groups`: no domain {unknown[0]}; choose among {', '.join(train.domains)}, each in one group"
        )


def _to_groups(questions: Questions, group_of: dict[str, str]) -> Questions:
    return replace(questions, labels=tuple(group_of[label] for label in questions.labels))


def _inside(questions: Questions, group: str, group_of: dict[str, str]) -> Questions:
    return questions.at(row for row, label in enumerate(questions.labels) if group_of[label] == group)


def _fit_fine(
    train: Questions, validation: Questions | None, config: HierarchicalRouter, resources: Resources
) -> UncalibratedRouter:
    if len(train.domains) > 1:
        return fit_with_held_out(train, validation, _for_domains(config.fine, train.domains), resources)
    # One domain is certain once its group is.
    scorer, asked = constant_scorer(), train.asked()
    return UncalibratedRouter((train.domains[0],), scorer, HeldOutScores(asked, scorer.score(asked.texts)))


def _for_domains(kind: SingleRouter, domains: Sequence[str]) -> SingleRouter:
    """Leave out the rules of other groups; a group without any learns its own."""
    if not isinstance(kind, KeywordRouter):
        return kind
    rules = {domain: phrases for domain, phrases in kind.rules.items() if domain in domains}
    return kind.model_copy(update={"rules": rules})
