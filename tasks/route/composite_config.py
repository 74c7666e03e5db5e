"""Kinds made of other kinds: a cascade, a hierarchy, and the best of several.

In: YAML. Out: frozen values.
"""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from tasks.kernel.config import Slice
from tasks.route.single_config import EncoderRouter, SemanticRouter, TfidfReferenceRouter, TfidfRouter
from tasks.text.words import runs


class KeywordRouter(Slice):
    """Words that give a domain away; abstains where none or those of two domains occur."""

    kind: Literal["keywords"] = "keywords"
    rules: dict[str, tuple[str, ...]] = {}
    """Words or phrases by domain; none: learned, the words that occur in one domain almost alone."""
    min_precision: float = Field(default=0.98, gt=0, le=1)
    """Share of the questions with a learned word that must be of its domain."""
    min_questions: int = Field(default=5, ge=1)
    """Training questions that a learned word must occur in; more where held-out questions ask for it."""

    @field_validator("rules")
    @classmethod
    def tell_apart(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Refuse a rule without a word, and one that stands for two domains."""
        owner: dict[str, str] = {}
        for domain, phrases in value.items():
            for phrase in phrases:
                plain = " ".join(runs(phrase))
                if not plain:
                    raise ValueError(f"{domain}: {phrase!r} holds no word; remove it")
                if owner.setdefault(plain, domain) != domain:
                    raise ValueError(f"{domain}: {phrase!r} is a rule of {owner[plain]} too; remove one")
        return value


SingleRouter = Annotated[
    TfidfRouter | TfidfReferenceRouter | SemanticRouter | EncoderRouter | KeywordRouter,
    Field(discriminator="kind"),
]


class CascadeStage(Slice):
    """One router of a cascade."""

    router: SingleRouter
    """What decides at this stage."""
    threshold: float | None = Field(default=None, ge=0, le=1)
    """Decide here at this confidence or above, else ask the next stage; 1: it never decides. None: learned
    on held-out questions. The last stage always decides."""


class CascadeRouter(Slice):
    """Cheap routers first, costly ones for what stays unsure."""

    kind: Literal["cascade"] = "cascade"
    stages: tuple[CascadeStage, ...] = Field(
        default=(
            CascadeStage(router=KeywordRouter()),
            CascadeStage(router=TfidfRouter()),
            CascadeStage(router=SemanticRouter()),
        ),
        min_length=2,
        max_length=8,
    )
    """Asked in this order."""
    network: bool = True
    """Whether a small policy network decides last, from the last stage's embedding and all stages' scores."""
    hidden: int = Field(default=64, ge=1, le=4096)
    """Units in the policy network's one hidden layer."""
    max_errors: float = Field(default=0.01, ge=0, lt=1)
    """Share of the questions answered by a stage with a learned threshold that it may misroute."""
    folds: int = Field(default=3, ge=2, le=20)
    """Parts of the cross-validation that tells how good thresholds and network are."""
    seed: int = Field(default=42, ge=0, lt=2**32)
    """Draws the parts and the network's training."""

    @model_validator(mode="after")
    def last_decides(self) -> "CascadeRouter":
        """Refuse a threshold for the last stage."""
        if self.stages[-1].threshold is not None:
            raise ValueError(
                f"stages.{len(self.stages) - 1}.threshold: the last stage always decides; remove it"
            )
        return self


class HierarchicalRouter(Slice):
    """A coarse group first, then an expert inside it; probabilities multiply."""

    kind: Literal["hierarchical"] = "hierarchical"
    groups: dict[str, tuple[str, ...]] = Field(min_length=2)
    """Domains by group; every domain in exactly one."""
    coarse: SingleRouter = TfidfRouter()
    """Chooses the group."""
    fine: SingleRouter = TfidfRouter()
    """Chooses inside each group of two or more domains."""

    @model_validator(mode="after")
    def each_domain_once(self) -> "HierarchicalRouter":
        """Refuse empty groups, and a domain in two groups."""
        seen: set[str] = set()
        for group, domains in self.groups.items():
            if not domains or seen & set(domains) or len(set(domains)) < len(domains):
                raise ValueError(f"groups: {group}: name each domain once, in one group")
            seen |= set(domains)
        return self


Candidate = Annotated[
    TfidfRouter | TfidfReferenceRouter | SemanticRouter | EncoderRouter | CascadeRouter | HierarchicalRouter,
    Field(discriminator="kind"),
]


class BestRouter(Slice):
    """The best of several kinds, by a criterion on held-out training questions; never on test questions."""

    kind: Literal["best"] = "best"
    candidates: tuple[Candidate, ...] = Field(
        default=(TfidfRouter(), SemanticRouter()), min_length=2, max_length=10
    )
    """Of equals the first is taken: name the cheap ones first."""
    criterion: Literal["accuracy", "macro_f1", "ece", "log_loss"] = "accuracy"
    """Judged on questions that the candidate was not fitted on."""
    max_p95_ms: float | None = Field(default=None, gt=0)
    """Candidates that need longer for one question alone are out; none: any. Timed, so not repeatable."""
    max_file_bytes: int | None = Field(default=None, gt=0)
    """Larger candidates are out; none: any."""
