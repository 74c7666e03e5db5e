"""Random moments of a run, which a slower or faster run of the same config meets again.

In: the times at which an undisturbed run told what becomes of its stages. Out: moments, spread
evenly over that run and drawn by seed within each part, as seconds since the last word before.
"""

import random
import re
import socket
import time
from dataclasses import dataclass

from faulty import ONE, PATIENCE, Home, Run

_TOLD = re.compile(r"^ *(?P<at>[\d.]+) s  (?P<label>[a-z:-]+): (?P<state>running|built|cached)", re.MULTILINE)


@dataclass(frozen=True)
class Moment:
    """So many seconds after the run has said that a stage is in a state; no stage: after its start."""

    label: str
    state: str
    delay: float

    def __str__(self) -> str:
        """Return it for a test's name."""
        return f"{self.label or 'start'}-{self.state}+{self.delay:.1f}s"

    def reached(self, run: Run) -> bool:
        """Wait for the moment; tell whether the run was still going on at it."""
        if self.label and not run.until(lambda: run.says(rf"s  {self.label}: ({self.state}|cached)")):
            return False
        time.sleep(min(self.delay, PATIENCE))
        return run.process.poll() is None


@dataclass(frozen=True)
class Undisturbed:
    """What a run came to when nobody disturbed it."""

    results: dict[str, object]
    seconds: float
    told: tuple[tuple[float, str, str], ...]
    """Seconds, stage and state, in order."""

    def moments(self, number: int, seed: int) -> list[Moment]:
        """Return so many moments in order, one drawn from each equal part of the run."""
        draw = random.Random(seed)  # noqa: S311  repeatable, not secret
        part = self.seconds / number
        return [self._moment((index + draw.random()) * part) for index in range(number)]

    def _moment(self, at: float) -> Moment:
        before = [entry for entry in self.told if entry[0] <= at]
        then, label, state = before[-1] if before else (0.0, "", "start")
        return Moment(label, state, at - then)


def undisturbed(home: Home) -> Undisturbed:
    """Run one domain from nothing."""
    began = time.monotonic()
    done = home.run(ONE)
    seconds = time.monotonic() - began
    assert done.code == 0, done.text()
    told: dict[tuple[str, str], float] = {}
    for match in _TOLD.finditer(done.text()):
        told.setdefault((match["label"], match["state"]), float(match["at"]))
    lead = seconds - max(told.values())  # the clock of the lines begins when the flow does
    entries = ((at + lead, label, state) for (label, state), at in told.items())
    return Undisturbed(home.results(), seconds, tuple(sorted(entries)))


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
