"""The whole configuration: one slice per stage, and the domains that they are run for.

In: YAML files that merge left to right. Out: one frozen, validated value. This module only
composes the stages' own configs; a domain's overrides are laid on them when its slice is
asked for, and validated with everything else.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

from pydantic import Field, JsonValue, ValidationError, model_validator

from flows.champions.gate import Gate
from flows.config_problems import FieldError, SliceError, problems
from flows.made_once import made_anew
from flows.yaml_files import merge, named, read_merged
from tasks.convert.config import ChainCheck, ChainConfig, ConvertConfig, chain_check
from tasks.evaluate.config import EvaluateConfig
from tasks.finetune.config import FinetuneConfig
from tasks.generate.config import GenerateConfig
from tasks.heal.config import BaseHealing, ExpertHealing, HealConfig, of_base, of_expert
from tasks.ingest.config import DatasetMapping, IngestConfig
from tasks.kernel.config import Slice, UserPath
from tasks.kernel.errors import ConfigError
from tasks.merge.config import MergeConfig
from tasks.models.sources import EmbeddedModel, ModelSource
from tasks.route.compare_config import CompareConfig
from tasks.route.config import RouteConfig, described

Overrides = dict[str, JsonValue]
S = TypeVar("S", bound=Slice)

GENERALIST = "generalist"
_DOMAIN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_NAME = 60


class DatasetSource(DatasetMapping):
    """A ready-made data set: a local file, or a name on the hub."""

    path: UserPath | None = None
    """JSONL, JSON, CSV, TSV or Parquet file, or a folder of them; none for a hub data set."""

    @model_validator(mode="after")
    def one_place(self) -> Self:
        """Refuse a data set that is nowhere, or in two places."""
        if (self.path is None) == (self.hub is None):
            raise ValueError("name either `path` (a local file) or `hub` (a name on the hub)")
        return self


class Domain(Slice):
    """What one expert knows: documents, a data set, or both."""

    description: str = ""
    """One sentence on what the expert is for: in the report, and what a router by descriptions goes by."""
    documents: UserPath | None = None
    """A folder of PDFs, or one PDF."""
    dataset: DatasetSource | None = None
    review: UserPath | None = None
    """A review file, written by `pocketmoe review export` and marked by hand."""
    model: ModelSource | None = None
    """A whole model that is the expert as it is, instead of an adapter on the base model."""
    ingest: Overrides = {}
    generate: Overrides = {}
    finetune: Overrides = {}
    merge: Overrides = {}
    heal: Overrides = {}
    """Of `kind` and `expert`: the base is healed once for all domains."""
    convert: Overrides = {}
    chain: Overrides = {}

    @model_validator(mode="after")
    def has_a_source(self) -> Self:
        """Refuse a domain without anything to learn from or to be tested on."""
        if self.documents is None and self.dataset is None:
            raise ValueError("name `documents` (a folder of PDFs), a `dataset`, or both")
        return self


class Generalist(Slice):
    """The baseline that the experts are compared with."""

    model: ModelSource | None = None
    """A whole model as it is, instead of an adapter trained on the mix of all domains."""
    finetune: Overrides = {}


class OutOfScope(Slice):
    """Questions that belong to no domain: JSON lines with `question`, a JSON list, or lines of text."""

    train: UserPath | None = None
    """Examples that the router learns from what is out of scope; none: from questions in scope alone."""
    test: UserPath | None = None
    """Examples that it is judged by; none: nothing is claimed."""

    def files(self) -> dict[str, Path]:
        """Return the files by side."""
        return {side: path for side, path in (("train", self.train), ("test", self.test)) if path}


class Config(Slice):
    """A pipeline from documents to a bundle for phones."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    base_model: ModelSource = EmbeddedModel()
    domains: dict[str, Domain] = Field(min_length=1)
    benchmarks: dict[str, UserPath] = {}
    """Question files (JSONL, JSON or text, by any name) that no training pair may resemble."""
    out_of_scope: OutOfScope = OutOfScope()
    """Questions that no expert should answer."""
    generalist: Generalist = Generalist()
    ingest: IngestConfig = IngestConfig()
    generate: GenerateConfig = GenerateConfig()
    route: RouteConfig = RouteConfig()
    compare: CompareConfig = CompareConfig()
    """What `pocketmoe compare-routers` trains; no run depends on it."""
    finetune: FinetuneConfig = FinetuneConfig()
    merge: MergeConfig = MergeConfig()
    heal: HealConfig = HealConfig()
    convert: ConvertConfig = ConvertConfig()
    chain: ChainConfig = ChainConfig()
    """How closely each form of an expert must follow the one before, from merged weights to the phone."""
    evaluate: EvaluateConfig = EvaluateConfig()
    promotion: Gate = Gate()
    """What a new version must keep to become champion."""

    @model_validator(mode="after")
    def names_are_usable(self) -> Self:
        """Refuse domain names that cannot stand in addresses and file names everywhere."""
        for name in self.domains:
            if not _DOMAIN.fullmatch(name) or len(name) > _LONGEST_NAME or name == GENERALIST:
                raise FieldError(
                    ("domains", name),
                    "a domain's name stands in addresses and file names: use lower-case letters a to z,"
                    f" digits and single dashes between them, at most {_LONGEST_NAME} characters and not"
                    " `generalist`; its `description` may be in any script",
                )
        return self

    @model_validator(mode="after")
    def metrics_are_of_domains(self) -> Self:
        """Refuse metrics of a domain that is not there."""
        for name in self.evaluate.domain_metrics:
            if name not in self.domains:
                raise FieldError(
                    ("evaluate", "domain_metrics", name),
                    f"there is no domain {name}; name one of {', '.join(self.domains)}",
                )
        return self

    @model_validator(mode="after")
    def overrides_are_valid(self) -> Self:
        """Refuse overrides that do not make a valid slice."""
        for name in self.domains:
            self.ingest_of(name), self.generate_of(name), self.finetune_of(name)
            self.merge_of(name), self.heal_of(name), self.chain_of(name)
        self.finetune_of(GENERALIST)
        return self

    @model_validator(mode="after")
    def base_is_made_once(self) -> Self:
        """Refuse settings of a domain that would have to search, heal or convert the base anew."""
        for name, domain in self.domains.items():
            for field, problem in made_anew(domain.heal, domain.convert, self.convert, self.convert_of(name)):
                raise FieldError(("domains", name, *field), problem)
        return self

    def described(self, slice_: S) -> S:
        """Return the slice, whose routers know the domains' descriptions where they have none."""
        texts = {name: domain.description for name, domain in self.domains.items() if domain.description}
        return described(slice_, texts)

    def ingest_of(self, domain: str) -> IngestConfig:
        """Return the domain's slice for ingestion, with its data set's mapping."""
        source = self.domains[domain].dataset
        mapping = source and DatasetMapping.model_validate(source.model_dump(exclude={"path"}))
        slice_ = _with_overrides(self.ingest, self.domains[domain].ingest, f"domains.{domain}.ingest")
        return slice_.model_copy(update={"dataset": mapping})

    def generate_of(self, domain: str) -> GenerateConfig:
        """Return the domain's slice for generation."""
        return _with_overrides(self.generate, self.domains[domain].generate, f"domains.{domain}.generate")

    def finetune_of(self, domain: str) -> FinetuneConfig:
        """Return the slice for the domain's expert, or for the generalist."""
        if domain == GENERALIST:
            return _with_overrides(self.finetune, self.generalist.finetune, "generalist.finetune")
        return _with_overrides(self.finetune, self.domains[domain].finetune, f"domains.{domain}.finetune")

    def merge_of(self, domain: str) -> MergeConfig:
        """Return the domain's slice for merging."""
        return _with_overrides(self.merge, self.domains[domain].merge, f"domains.{domain}.merge")

    def heal_of(self, domain: str) -> HealConfig:
        """Return the domain's slice for healing."""
        return _with_overrides(self.heal, self.domains[domain].heal, f"domains.{domain}.heal")

    def heals(self) -> bool:
        """Tell whether any bundle is made of healed weights."""
        return any(self.heal_of(name).kind == "distill" for name in self.domains)

    def heals_base(self) -> bool:
        """Tell whether a bundle for adapters, an adapter or an expert is made of the healed base."""
        trained = any(self.finetune_of(name).quantization == "int4" for name in (*self.domains, GENERALIST))
        apart = any(self.convert_of(name).form != "merged" for name in self.domains)
        begun = any(self.heal_of(name).begins_healed for name in self.domains)
        return self.heals() and (trained or apart or begun)

    def base_healing(self) -> BaseHealing:
        """Return what the healing of the base depends on: nothing of a domain's own."""
        return of_base(self.heal, self.convert.given())

    def expert_healing(self, domain: str) -> ExpertHealing:
        """Return what the healing of the domain's expert depends on, beside its data."""
        return of_expert(self.heal_of(domain), self.convert_of(domain).given())

    def convert_of(self, domain: str) -> ConvertConfig:
        """Return the domain's slice for conversion."""
        return _with_overrides(self.convert, self.domains[domain].convert, f"domains.{domain}.convert")

    def chain_of(self, domain: str) -> ChainCheck:
        """Return how the domain's expert is followed to the phone."""
        chain = _with_overrides(self.chain, self.domains[domain].chain, f"domains.{domain}.chain")
        return chain_check(chain, self.convert_of(domain))


def load_config(paths: Sequence[Path], overrides: Mapping[str, JsonValue] | None = None) -> Config:
    """Read, merge and validate configuration files; raise ConfigError with file, line and field.

    `overrides` are fields that are laid on the merged files, last of all.
    """
    content, places = read_merged(paths)
    content = merge(content, overrides or {})
    places |= named(overrides or {}, "overrides")
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        raise ConfigError("\n".join(problems(error, places))) from error


def _with_overrides(slice_: S, overrides: Overrides, field: str) -> S:
    if not overrides:
        return slice_
    try:
        return type(slice_).model_validate(merge(slice_.model_dump(mode="json"), overrides))
    except ValidationError as error:
        raise SliceError(tuple(field.split(".")), error) from error
