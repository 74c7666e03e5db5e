"""Find what several domains read: one document or data set, copied or under another name.

In: a configuration. Out: for each domain what others have too, so that its passages stand on the same side
everywhere, and sentences that tell of it. Files are the same where their bytes are; only those of one size
are read for it. Documents that say the same in other bytes are told of by the report, which has their text.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flows.config import Config
from tasks.generate.config import GenerateConfig, SharedSources
from tasks.kernel.storage.manifest import hash_file
from tasks.kernel.user_files import UserFile, user_files

_TOLD = 10


@dataclass(frozen=True)
class SharedFile:
    """One content, and where each domain has it."""

    digest: str
    kind: str
    """`documents` or `dataset`."""
    names: Mapping[str, str]
    """File by domain."""
    alike: bool
    """All these domains make the same of it."""

    def told(self) -> str:
        """Return what a reader of the plan must know."""
        first, *others = (f"{name} ({domain})" for domain, name in self.names.items())
        told = f"{first} is the same file as {', '.join(others)}"
        if self.alike:
            parts = "passages" if self.kind == "documents" else "examples"
            return f"{told}: its {parts} stand on one side in all of them; one domain should have it"
        if self.kind == "documents":
            remedy = (
                "all of it is trained on; give them the same `ingest` and `split_by`, or one of them the file"
            )
            return f"{told}, which cut or split it differently: {remedy}"
        return (
            f"{told}, which read it differently: what one tests, another may train on; give it to one of them"
        )


def shared_files(config: Config) -> list[SharedFile]:
    """Return the files that several domains have; what cannot be read is left to the stage that names it."""
    sizes: dict[tuple[str, int], dict[str, list[UserFile]]] = {}
    for kind, domain, file in _files(config):
        sizes.setdefault((kind, file.bytes), {}).setdefault(domain, []).append(file)
    found: dict[tuple[str, str], dict[str, str]] = {}
    for (kind, _), domains in sizes.items():
        if len(domains) > 1:
            for domain, files in domains.items():
                for file in files:
                    found.setdefault((kind, _digest(file.path)), {}).setdefault(domain, file.name)
    return [
        SharedFile(digest, kind, names, _alike(config, kind, list(names)))
        for (kind, digest), names in sorted(found.items())
        if digest and len(names) > 1
    ]


def file_warnings(config: Config) -> dict[str, list[str]]:
    """Return by `stage:domain` what must be known beforehand of the domain's files."""
    found = {f"ingest:{domain}": told for domain in config.domains if (told := _unreadable(config, domain))}
    for file in shared_files(config):
        for domain in file.names:
            found.setdefault(f"ingest:{domain}", []).append(file.told())
    return found


def generation(config: Config, domain: str, shared: list[SharedFile]) -> GenerateConfig:
    """Return the domain's slice for generation, with what other domains have too."""
    own = [file for file in shared if domain in file.names]
    slice_ = config.generate_of(domain)
    documents = [file for file in own if file.kind == "documents"]
    examples = any(file.kind == "dataset" and file.alike for file in own)
    if not documents and not examples:
        return slice_
    common = SharedSources(
        documents=tuple(file.digest for file in documents if file.alike),
        whole=tuple(file.digest for file in documents if not file.alike),
        examples=examples,
        test_share=config.generate.test_share,
        validation_share=config.generate.validation_share,
        seed=config.generate.seed,
    )
    return slice_.model_copy(update={"shared": common})


def _files(config: Config) -> Iterator[tuple[str, str, UserFile]]:
    """Yield kind, domain and file for each file that a domain may read."""
    for domain, sources in config.domains.items():
        data = sources.dataset.path if sources.dataset else None
        places = {"documents": sources.documents, "dataset": data}
        for kind, place in places.items():
            for file in user_files(place) if place else ():
                if file.readable and file.bytes:
                    yield kind, domain, file


def _unreadable(config: Config, domain: str) -> list[str]:
    """Return a sentence for each place of the domain that cannot be read."""
    sources = config.domains[domain]
    places = (sources.documents, sources.dataset.path if sources.dataset else None)
    told = [
        f"{file.name}: {file.problem or 'cannot be read; give access to it or remove it'}"
        for place in places
        for file in (user_files(place) if place else ())
        if file.problem or not (file.same_as or os.access(file.path, os.R_OK))
    ]
    return (
        told if len(told) <= _TOLD else [*told[:_TOLD], f"and {len(told) - _TOLD} more that cannot be read"]
    )


def _digest(path: Path) -> str:
    try:
        return hash_file(path).sha256
    except OSError:
        return ""


def _alike(config: Config, kind: str, domains: list[str]) -> bool:
    """Tell whether all of `domains` make the same of a file: passages and their splits, or examples."""
    if kind == "documents":
        whole = any(config.generate_of(name).split_by == "document" for name in domains)
        slices = [config.ingest_of(name).model_copy(update={"dataset": None}) for name in domains]
        return not whole and all(slice_ == slices[0] for slice_ in slices)
    mappings = [config.ingest_of(name).dataset for name in domains]
    return all(mapping == mappings[0] for mapping in mappings)
