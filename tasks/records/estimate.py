"""Measured values with their intervals: the one type for every figure that says how sure it is.

AnswerScores of answers stand under the names of their metrics, whichever were asked for, so that a new metric
needs no field.
"""

from pydantic import ConfigDict, Field

from tasks.records.files import Figures


class Estimate(Figures):
    """A value and the interval around it, where one was computed."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends of the interval; without one, the value itself."""
        return (
            self.value if self.low is None else self.low,
            self.value if self.high is None else self.high,
        )

    @property
    def bounded(self) -> bool:
        """Whether there is an interval: without one nothing can be compared."""
        return self.low is not None and self.high is not None

    def shifted(self, by: float) -> "Estimate":
        """Return the estimate of the same quantity plus `by`."""
        low, high = (None if end is None else end + by for end in (self.low, self.high))
        return Estimate(value=self.value + by, low=low, high=high)


Score = Estimate | float
"""An estimate where every answer has its own score, else one figure of all answers, as BLEU is."""


class AnswerScores(Figures):
    """AnswerScores of answers by metric, beside whatever fields a kind of scores has of its own."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Score] = Field(init=False)

    @property
    def scores(self) -> dict[str, Estimate]:
        """Every score by its metric's name."""
        found: dict[str, Score] = self.__pydantic_extra__
        return {
            name: score if isinstance(score, Estimate) else Estimate(value=score)
            for name, score in found.items()
        }
