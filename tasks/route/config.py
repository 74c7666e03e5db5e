"""How questions find their expert: the router by its kind, its confidence, and the bars it must clear.

In: YAML. Out: frozen values. The kinds' own settings are in the `*_config` modules.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import Field, field_validator, model_validator

from tasks.kernel.config import Slice
from tasks.models.sources import EmbeddedEncoder
from tasks.route.composite_config import BestRouter, CascadeRouter, HierarchicalRouter, KeywordRouter
from tasks.route.single_config import (
    Encoder,
    EncoderRouter,
    SemanticRouter,
    TfidfReferenceRouter,
    TfidfRouter,
)

S = TypeVar("S", bound=Slice)
Suite = Literal["typos", "casing", "paraphrases", "mixed", "short"]
FurtherText = Literal["passages", "answers", "descriptions"]
LinearRouter = TfidfRouter | TfidfReferenceRouter
RouterKind = Annotated[
    TfidfRouter
    | TfidfReferenceRouter
    | SemanticRouter
    | EncoderRouter
    | KeywordRouter
    | CascadeRouter
    | HierarchicalRouter
    | BestRouter,
    Field(discriminator="kind"),
]


class RouteConfig(Slice):
    """How questions find their expert."""

    router: RouterKind = TfidfRouter()
    """The router, by its `kind`."""
    ambiguous: Literal["left_out", "kept", "unmarked"] = "left_out"
    """Training questions that are nearer to another domain's passages than to their own: marked and left out
    of training, marked and kept in it, or not looked for, which saves about 5 ms a question and sentence."""
    nearness: Encoder = EmbeddedEncoder()
    """What tells how near a question is to a passage."""
    further_text: tuple[FurtherText, ...] = ("passages",)
    """What training learns from besides questions: sentences of training passages, answers of ready-made data
    sets, which have no passages, and the domains' descriptions."""
    descriptions: dict[str, str] = {}
    """What each domain is about, as further text; those of `domains` where none is written here."""
    calibration: Literal["temperature", "isotonic"] = "isotonic"
    """How scores become probabilities, on questions that the classifier was not fitted on; `isotonic` needs
    1,000 of them and is `temperature` below."""
    max_misrouted: float | None = Field(default=None, gt=0, lt=1)
    """Share of the answered questions that may go to the wrong expert; sets the confidence under which a
    question goes to the generalist. None: every question in scope goes to an expert."""
    max_false_rejections: float | None = Field(default=None, gt=0, lt=1)
    """Share of the questions in scope that may be held for out of scope; sets the threshold. None: nothing is
    held for out of scope."""
    unsure: Literal["generalist", "expert"] = "generalist"
    """Who answers when the router is unsure."""
    out_of_scope: Literal["refuse", "generalist", "expert"] = "refuse"
    """Who answers what is out of scope."""
    refusal: str = Field(default="I can only help with {domains}.", min_length=1)
    """What a refused user reads; `{domains}` stands for the domains' names."""
    top_k: int = Field(default=1, ge=1, le=16)
    """Experts named for each question, with weights."""
    suites: dict[Suite, float] = {}
    """Least accuracy of each robustness suite; the stage fails where one is missed."""
    seed: int = Field(default=42, ge=0, lt=2**32)
    """Draws the suites' changes and the leak-free split."""

    @field_validator("suites")
    @classmethod
    def shares(cls, value: dict[Suite, float]) -> dict[Suite, float]:
        """Refuse bars that no router can be measured against."""
        for name, least in value.items():
            if not 0 <= least <= 1:
                raise ValueError(f"suites.{name}: {least}: give a share from 0 to 1")
        return value

    @model_validator(mode="after")
    def targets_can_be_set(self) -> "RouteConfig":
        """Refuse targets of the reference recipe, which holds out no question to set a threshold on."""
        if isinstance(self.router, TfidfReferenceRouter) and (
            self.max_misrouted is not None or self.max_false_rejections is not None
        ):
            raise ValueError(
                "max_misrouted, max_false_rejections: a tfidf-reference router holds out no questions to set"
                " a threshold on; choose another `router.kind`, or remove them"
            )
        return self

    def needs_sources(self) -> bool:
        """Tell whether passages are read besides the questions."""
        return self.ambiguous != "unmarked" or bool({"passages", "answers"} & set(self.further_text))

    def refusals(self) -> list[str]:
        """Say for each value that cannot be served yet what to use meanwhile."""
        return []


def described(config: S, descriptions: Mapping[str, str]) -> S:
    """Return `config`, in which every router that goes by descriptions knows these where it has none.

    Routers in cascades, groups and candidates are found too; the others stay as they are, so that a changed
    description changes no key but theirs.
    """
    update: dict[str, object] = {}
    if isinstance(config, SemanticRouter | RouteConfig) and _reads_descriptions(config):
        update = {"descriptions": {**descriptions, **config.descriptions}}
    if isinstance(config, SemanticRouter):
        return config.model_copy(update=update)
    parts = {name: _described(part, descriptions) for name, part in config if name not in update}
    return config.model_copy(update=parts | update)


def _reads_descriptions(config: SemanticRouter | RouteConfig) -> bool:
    if isinstance(config, RouteConfig):
        return "descriptions" in config.further_text
    return config.head == "descriptions"


def _described(part: object, descriptions: Mapping[str, str]) -> object:
    if isinstance(part, Slice):
        return described(part, descriptions)
    if isinstance(part, tuple):
        return tuple(_described(item, descriptions) for item in part)
    return part
