"""Where a conversion stands: the lengths of its steps in, progress out."""

from collections.abc import Mapping

from tasks.kernel.workspace import Progress


class StepCounter:
    """Where a stage stands."""

    def __init__(self, progress: Progress, lengths: Mapping[str, int]) -> None:
        self._progress, self._lengths = progress, dict(lengths)
        self._total = sum(self._lengths.values())
        self._name, self._start, self._done = "", 0, 0

    def begin(self, name: str) -> None:
        """Go to the start of the step `name`."""
        names = list(self._lengths)
        self._name = name
        self._start = sum(self._lengths[before] for before in names[: names.index(name)])
        self._done = 0
        self._report()

    def tick(self) -> None:
        """Advance within the current step."""
        self._done = min(self._done + 1, self._lengths[self._name])
        self._report()

    def finish(self) -> None:
        """Report that everything is done."""
        self._progress(self._total, self._total, "done")

    def _report(self) -> None:
        self._progress(self._start + self._done, self._total, self._name)
