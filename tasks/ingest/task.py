"""Ingest: a domain's documents and data set -> Corpus."""

from pathlib import Path

from tasks.ingest.config import IngestConfig
from tasks.kernel.artifacts import Corpus
from tasks.kernel.job import Job
from tasks.kernel.stage import stage


@stage
def ingest_corpus(
    domain: str,  # noqa: ARG001  # names the task
    config: IngestConfig,
    documents: Path | None,
    dataset: Path | None,
) -> Job[Corpus]:
    """Read documents and data set into passages and examples."""
    sources = {"documents": documents, "dataset": dataset}
    tokens = config.passage_tokens
    return Job(
        Corpus,
        config,
        models={"tokenizer": tokens.tokenizer} if tokens else {},
        sources={name: path for name, path in sources.items() if path is not None},
    )
