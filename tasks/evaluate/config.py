"""What is measured on the held-out questions, and how surely.

In: YAML. Out: frozen values. What is not built yet still validates, so that the reference
systems can be written down in full, and is refused by name.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from tasks.evaluate.metric_config import Chosen, PassAtK, file_of
from tasks.kernel.config import Slice


class EvaluateConfig(Slice):
    """One evaluation of a routed system, its experts, the generalist and the shipped bundles."""

    metrics: tuple[Chosen, ...] = (
        "perplexity",
        "rouge_l",
        "bleu",
        "exact_match",
        "token_f1",
    )
    """What answers are scored by. Perplexity is always measured, named or not: comparisons rest on it."""
    domain_metrics: dict[str, tuple[Chosen, ...]] = {}
    """By domain: what its answers are scored by instead."""
    max_questions_per_domain: int | None = Field(default=None, ge=1)
    """Held-out questions of each domain, drawn with the seed; none takes them all."""
    edge_prompts: int = Field(default=20, ge=1)
    """Held-out questions that each shipped bundle answers and scores."""
    latency_prompts: int = Field(default=5, ge=1)
    """Questions of each domain that are timed one by one."""
    max_new_tokens: int = Field(default=256, ge=1, le=8192)
    """Longest generated answer."""
    max_length: int = Field(default=2048, ge=16)
    """Longest question with its reference answer, in tokens; longer ones are cut at the answer's end."""
    batch_size: int = Field(default=16, ge=1, le=1024)
    """Questions in one forward pass of the float models."""
    temperature: float = Field(default=0.0, ge=0, le=2)
    """0 decodes greedily; above it answers are sampled with the seed."""
    constrained: Literal["json_schema", "regex", "grammar"] | None = None
    """What generated answers are forced to obey."""
    bootstrap_samples: int = Field(default=1000, ge=100, le=100_000)
    """Resamples behind each interval."""
    resampled: Literal["passages", "questions"] = "passages"
    """What intervals are drawn over. Questions on one passage are right or wrong together, so whole ones are
    drawn; where there are too few of them, questions are, and a warning says so."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Coverage of the intervals."""
    max_edge_loss: float = Field(default=0.05, ge=0)
    """Rise of perplexity from the float model to the bundle above which the report warns."""
    seed: int = Field(default=42, ge=0)
    """Draws questions, resamples and sampled answers."""

    def metrics_of(self, domain: str) -> tuple[Chosen, ...]:
        """Return what a domain's answers are scored by, beside perplexity, each once."""
        chosen = self.domain_metrics.get(domain, self.metrics)
        return tuple(dict.fromkeys(metric for metric in chosen if metric != "perplexity"))

    def sampling_of(self, domain: str) -> PassAtK | None:
        """Return how more answers are drawn to each of a domain's questions; none: one is enough."""
        found = (metric for metric in self.metrics_of(domain) if isinstance(metric, PassAtK))
        return next((metric for metric in found if metric.samples), None)

    def chosen(self) -> Iterator[Chosen]:
        """Yield every metric of any domain."""
        for metrics in (self.metrics, *self.domain_metrics.values()):
            yield from metrics

    def files(self) -> list[str]:
        """Return the user's files and folders that metrics read, each once."""
        return list(dict.fromkeys(file for metric in self.chosen() if (file := file_of(metric))))

    def refusals(self) -> list[str]:
        """Return one sentence for each valid value that cannot be measured yet."""
        if self.constrained is not None:
            return [f"`constrained`: {self.constrained} is not built yet; use null (free decoding) meanwhile"]
        return []
