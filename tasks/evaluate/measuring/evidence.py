"""Everything that was measured, before anyone draws conclusions.

In: the stage's parts. Out: one value that the report modules read; they compute nothing
that needs a model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress

from tasks.evaluate.measuring.bundle_runs import EdgeRun
from tasks.evaluate.measuring.float_models import Measured
from tasks.evaluate.measuring.questions import Question, Yardstick
from tasks.evaluate.measuring.systems import RouterDecisions, expert
from tasks.records.chain import Link
from tasks.records.edge import Sizes
from tasks.statistics.bootstrap import Loss


@dataclass(frozen=True)
class Evidence:
    """Measurements by model and by position of the question."""

    questions: Sequence[Question]
    labels: Sequence[str]
    routing: RouterDecisions
    systems: Mapping[str, Sequence[str]]
    """Model name by system and question."""
    models: Mapping[str, Measured]
    edge_positions: Mapping[str, Sequence[int]]
    edges: Mapping[str, EdgeRun]
    sizes: Mapping[str, Sizes]
    peak_bytes: int
    too_long: Sequence[Question] = ()
    """Held-out questions that are in nothing else here."""
    trained_on: Mapping[str, Sequence[Question]] = field(default_factory=dict)
    """Nor are these, whose text another domain trains on; by that domain."""
    chains: Mapping[str, Sequence[Link]] = field(default_factory=dict)
    """How far the forms of an expert are from one another, up to the bundle in its runtime."""

    def part(self, yardstick: Yardstick) -> "Evidence":
        """Return what was measured on the questions of one yardstick; what was left out stays."""
        old = [place for place, question in enumerate(self.questions) if question.yardstick == yardstick]
        new = {place: number for number, place in enumerate(old)}
        models = {name: model.part(new) for name, model in self.models.items()}
        edges, positions = dict(self.edges), dict(self.edge_positions)
        for domain, run in self.edges.items():
            asked = [place in new for place in positions[domain]]
            both = compress(asked, map(bool, run.losses))
            own = models[expert(domain)]
            models[expert(domain)] = replace(own, sequences=list(compress(own.sequences, both)))
            edges[domain] = run.part(asked)
            positions[domain] = [new[place] for place in positions[domain] if place in new]
        return replace(
            self,
            questions=[self.questions[place] for place in old],
            routing=self.routing.part(old),
            systems={name: [asked[place] for place in old] for name, asked in self.systems.items()},
            models=models,
            edge_positions=positions,
            edges=edges,
        )

    def domains(self) -> list[str]:
        """Return the domains in order."""
        return list(dict.fromkeys(question.domain for question in self.questions))

    def of_domain(self, domain: str) -> list[int]:
        """Return the positions of a domain's questions."""
        return [place for place, question in enumerate(self.questions) if question.domain == domain]

    def losses(self, model: str, positions: Sequence[int]) -> list[Loss]:
        """Return a model's losses on some questions."""
        return [self.models[model].losses[position] for position in positions]

    def system_losses(self, system: str) -> list[Loss]:
        """Return the losses of whichever model the system asks, on all questions."""
        return [self.models[model].losses[place] for place, model in enumerate(self.systems[system])]

    def system_answers(self, system: str, positions: Sequence[int] | None = None) -> list[str]:
        """Return the answers of whichever model the system asks, to some questions or to all."""
        asked = self.systems[system]
        return [self.models[asked[place]].answers[place] for place in self._places(positions)]

    def system_samples(self, system: str, positions: Sequence[int] | None = None) -> list[tuple[str, ...]]:
        """Return the further answers of whichever model the system asks; empty where none were drawn."""
        asked = self.systems[system]
        return [self.samples(asked[place], place) for place in self._places(positions)]

    def samples(self, model: str, place: int) -> tuple[str, ...]:
        """Return the further answers of a model to a question; bundles draw none."""
        return self.models[model].samples.get(place, ()) if model in self.models else ()

    def asked(self, positions: Sequence[int] | None = None) -> list[Question]:
        """Return some questions or all."""
        return [self.questions[place] for place in self._places(positions)]

    def _places(self, positions: Sequence[int] | None) -> Sequence[int]:
        return range(len(self.questions)) if positions is None else positions
