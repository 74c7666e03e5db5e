"""Register what a completed run made, and move the champions: the system whole, or models by name.

In: a finished run and the gate. Out: versions in MLflow's registry, each with the gate's verdict on
it. A run's models move together or not at all, because a router is no use to other experts.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from flows.champions.candidates import BUNDLE_PERPLEXITY, PERPLEXITY, candidates, figures
from flows.champions.gate import Check, Figures, Gate, judge
from serving.runs import FinishedRun, open_run
from tasks.kernel.artifacts import EvalReport
from tasks.kernel.errors import ConfigError, DataError, StoreError
from tasks.kernel.settings import Settings
from tasks.kernel.storage.store import Store
from tasks.kernel.tracking.registry import Candidate, Registry, Version
from tasks.records.estimate import Estimate

MEMBERS = "members"
SYSTEM = "-system"
Ratios = Callable[[str, str], Mapping[str, Estimate]]


@dataclass(frozen=True)
class Proposal:
    """A version that may become champion, and what the gate says of it."""

    version: Version
    champion: Version | None
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Return whether every criterion is met."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True)
class Move:
    """A champion that goes back to an earlier version."""

    champion: Version
    to: Version


def after_run(folder: Path, gate: Gate, settings: Settings) -> list[Proposal]:
    """Register the run's models; where the gate is automatic, judge them and promote them if all pass.

    Returns what was judged.
    """
    run, registry = open_run(folder, settings), Registry(settings.home)
    register(run, registry)
    if not gate.automatic:
        return []
    found = proposals(run, gate, registry)
    if all(proposal.passed for proposal in found):
        promote(found, registry)
    return found


def register(run: FinishedRun, registry: Registry) -> list[Version]:
    """Register the run's router and experts, then the system that names their versions."""
    *parts, system = candidates(run)
    members = registry.register(parts)
    return [*members, *registry.register([_naming(system, members)])]


def proposals(run: FinishedRun, gate: Gate, registry: Registry, models: Sequence[str] = ()) -> list[Proposal]:
    """Judge the run's versions that are not champion yet, all or the named `models`; write the verdicts down.

    Raises ConfigError for a name that the run has no model of.
    """
    versions = _chosen(_versions(run, registry), models)
    champions = {version.model: version for version in registry.versions() if version.champion}
    changed = [
        (version, champion)
        for version in versions
        if (champion := champions.get(version.model)) is None or champion.digest != version.digest
    ]
    comparisons = sum(len(_figures(version).quality) for version, champion in changed if champion)
    ratios = _ratios(run.settings)
    found = [_judged(gate, version, champion, ratios, comparisons) for version, champion in changed]
    for proposal in found:
        _write_down(proposal, registry)
    return found


def promote(found: Sequence[Proposal], registry: Registry) -> None:
    """Make every proposed version champion, the system last."""
    for proposal in found:
        if not proposal.passed:
            registry.tag(proposal.version, {"gate": "refused, promoted by hand"})
        registry.promote(proposal.version)


def rollback(registry: Registry, models: Sequence[str] = ()) -> list[Move]:
    """Return how the named models go back to the champions before; a system takes its members along.

    Without names it is the only system. Raises ConfigError where there is none, or nothing before it.
    """
    moves = [move for model in models or [_only_system(registry)] for move in _back(model, registry)]
    return [move for move in moves if move.champion.number != move.to.number]


def restore(moves: Sequence[Move], registry: Registry) -> None:
    """Carry out the moves of a rollback."""
    for move in moves:
        registry.restore(move.to)


def _versions(run: FinishedRun, registry: Registry) -> list[Version]:
    """Return the run's versions, registered now where they were not yet."""
    there = {(version.model, version.digest): version for version in reversed(registry.versions())}
    wanted = [(candidate.model, candidate.digest) for candidate in candidates(run)]
    found = [there[name] for name in wanted if name in there]
    return found if len(found) == len(wanted) else register(run, registry)


def _chosen(versions: Sequence[Version], models: Sequence[str]) -> list[Version]:
    unknown = sorted(set(models) - {version.model for version in versions})
    if unknown:
        known = ", ".join(version.model for version in versions)
        raise ConfigError(f"{', '.join(unknown)}: this run has no such model; it has {known}")
    return [version for version in versions if not models or version.model in models]


def _judged(
    gate: Gate, version: Version, champion: Version | None, ratios: Ratios, comparisons: int
) -> Proposal:
    ours, theirs = _figures(version), _figures(champion) if champion else None
    paired = {}
    if theirs is not None:
        found = ratios(ours.evaluation, theirs.evaluation)
        domain = next((name[5:] for name in version.parts if name.startswith("edge/")), "")
        names = {PERPLEXITY: f"expert/{domain}" if domain else "system", BUNDLE_PERPLEXITY: f"edge/{domain}"}
        paired = {measure: found[name] for measure, name in names.items() if name in found}
    return Proposal(version, champion, tuple(judge(gate, ours, theirs, paired, comparisons)))


def _figures(version: Version) -> Figures:
    """Return the version's figures; none of them where it was not registered by a run."""
    return figures(version.tags) or Figures(quality={})


def _ratios(settings: Settings) -> Ratios:
    """Return what compares two evaluations on the same questions, as far as the store still has them."""
    store = Store(settings.store, settings.store_url)

    @cache
    def ratios(ours: str, theirs: str) -> Mapping[str, Estimate]:
        from flows.champions.same_questions import paired_ratios

        if not ours or not theirs:
            return {}
        try:
            folders = [store.fetch(EvalReport(digest=digest)) for digest in (ours, theirs)]
            return paired_ratios(*folders)
        except (StoreError, DataError):
            return {}

    return ratios


def _write_down(proposal: Proposal, registry: Registry) -> None:
    rows = [
        f"| {check.criterion} | {check.champion} | {check.candidate} | {check.reason} |"
        for check in proposal.checks
    ]
    head = ["| criterion | champion | this version | |", "| --- | --- | --- | --- |"]
    registry.describe(proposal.version, "\n".join([*head, *rows]))
    verdicts = {
        f"gate.{check.criterion}": f"{'passed' if check.passed else 'refused'}: {check.reason}"
        for check in proposal.checks
    }
    registry.tag(proposal.version, {"gate": "passed" if proposal.passed else "refused", **verdicts})


def _naming(system: Candidate, members: Sequence[Version]) -> Candidate:
    names = json.dumps({member.model: member.number for member in members}, sort_keys=True)
    return replace(system, tags={**system.tags, MEMBERS: names})


def _only_system(registry: Registry) -> str:
    versions = registry.versions(f"%{SYSTEM}")
    systems = [version.model for version in versions if version.champion]
    if len(systems) != 1:
        raise ConfigError(f"name what to roll back: {', '.join(systems) or 'there is no champion yet'}")
    return systems[0]


def _back(model: str, registry: Registry) -> list[Move]:
    before = registry.before(model)
    if before is None:
        raise ConfigError(f"{model}: no version was champion before; `pocketmoe models` lists what there is")
    there = {(version.model, version.number): version for version in registry.versions()}
    champions = {version.model: version for version in there.values() if version.champion}
    members: Mapping[str, int] = json.loads(before.tags.get(MEMBERS, "{}"))
    moves = [
        Move(champions[name], there[name, number]) for name, number in members.items() if name in champions
    ]
    return [*moves, Move(champions[model], before)]
