"""Everything that can answer, for callers at once: the adapters of a run, or its bundles for phones.

In: a finished run; then an expert's name and a question, from any thread. Out: the answer, piece by piece.
An answer holds a lease on what its expert has in memory, and only what nobody holds is closed: an engine
that is closed under its decoding thread takes the process with it.
"""

from collections import OrderedDict
from collections.abc import Collection, Generator, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from serving.chosen_model import GENERALIST
from serving.runs import FinishedRun
from tasks.kernel.errors import ModelError, ServiceError
from tasks.models.edge_files import expert_files

GENERALIST_PART = "adapter-generalist"
HEALED_PART = "healed"
SHARED_PART = "edge-base"


class Loaded(Protocol):
    """What is in memory for an expert, or for several that share it; threads may ask it at once."""

    def answer(self, name: str, question: str) -> Generator[str, None, None]:
        """Yield the pieces of an answer; raise DataError where the question fills the context."""

    def close(self) -> None:
        """Give memory back; nobody is being answered."""


class Source(Protocol):
    """The experts of a run, none of them in memory."""

    @property
    def names(self) -> Collection[str]:
        """Domains, and `generalist` where there is one."""

    def shared(self, name: str) -> Hashable:
        """Return what the expert needs in memory, by a name that is equal where it is the same."""

    def load(self, name: str) -> Loaded:
        """Load what the expert needs; raise ModelError where that cannot be done."""


def open_experts(run: FinishedRun, *, edge: bool, max_new_tokens: int) -> "Experts":
    """Return the run's experts, or with `edge` its bundles; they are loaded when they are first asked."""
    if edge:
        from serving.bundle_experts import BundleExperts

        base = run.part(SHARED_PART) if SHARED_PART in run.artifacts else None
        files = {name: expert_files(folder, base) for name, folder in run.domains("edge").items()}
        return Experts(BundleExperts(files, run.settings.home / "litert", max_new_tokens))
    adapters = run.domains("adapter")
    if GENERALIST_PART in run.artifacts:
        adapters[GENERALIST] = run.part(GENERALIST_PART)

    from serving.adapter_experts import AdapterExperts

    healed = run.part(HEALED_PART) if HEALED_PART in run.artifacts else None
    return Experts(AdapterExperts(run.base_model.folder(), adapters, max_new_tokens, healed))


@dataclass
class _Slot:
    leases: int = 0
    loaded: Loaded | None = None
    loading: Lock = field(default_factory=Lock)
    """Held while loading, so that nobody loads the same twice and other experts' callers do not wait."""


class Experts:
    """Experts by name. `keep` of what they need stay in memory; more only while more is in use."""

    def __init__(self, source: Source, keep: int = 2) -> None:
        self._source = source
        self._keep = keep
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()
        self._lock = Lock()
        self._closed = False

    @property
    def names(self) -> Collection[str]:
        """Domains, and `generalist` where there is one."""
        return self._source.names

    def answer(self, name: str, question: str) -> Generator[str, None, None]:
        """Yield the answer's pieces as they come; a caller may leave at any of them.

        Raises DataError where the question fills the context, ModelError where there is no such expert or it
        cannot be loaded, and ServiceError after `close`.
        """
        with self._lease(name) as loaded:
            yield from loaded.answer(name, question)

    def close(self) -> None:
        """Refuse further questions and give memory back: what is in use, as soon as its answer ends."""
        with self._lock:
            self._closed, self._keep = True, 0
            self._evict()

    @contextmanager
    def _lease(self, name: str) -> Iterator[Loaded]:
        slot = self._take(name)
        try:
            with slot.loading:
                if slot.loaded is None:
                    slot.loaded = self._source.load(name)
            yield slot.loaded
        finally:
            with self._lock:
                slot.leases -= 1
                self._evict()

    def _take(self, name: str) -> _Slot:
        if name not in self.names:
            raise ModelError(f"{name}: this run has no expert for it; run `pocketmoe run` again to build it")
        part = self._source.shared(name)
        with self._lock:
            if self._closed:
                raise ServiceError(f"{name}: the experts are closed; open the run again")
            slot = self._slots.setdefault(part, _Slot())
            self._slots.move_to_end(part)
            slot.leases += 1
            self._evict()
        return slot

    def _evict(self) -> None:
        """Close what is not in use, the longest unasked first, until no more than `keep` is left."""
        idle = [part for part, slot in self._slots.items() if not slot.leases]
        for part in idle[: max(0, len(self._slots) - self._keep)]:
            if loaded := self._slots.pop(part).loaded:
                loaded.close()
