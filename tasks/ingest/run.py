"""Turn a domain's documents and ready-made data set into a corpus.

In: `documents` (a folder or one file), `dataset` (a local file or folder of files), or
neither where the config names a data set on the hub; `tokenizer` where passages are measured
in tokens. Out: `passages.jsonl`, `examples.jsonl`, `documents.json` and, with a data set,
`dataset.json`; `refused_rows.jsonl` where rows were refused. Documents are cleaned and cut one
at a time and each by itself: a library of books needs the memory of one page, and a new file
leaves the passages of the others as they are.
"""

import logging
from collections.abc import Sequence

from tasks.ingest.cleaning.clean import clean_blocks
from tasks.ingest.config import DatasetMapping, IngestConfig
from tasks.ingest.datasets.examples import map_rows
from tasks.ingest.datasets.hub import read_hub
from tasks.ingest.datasets.rows import Rows, read_local
from tasks.ingest.passages.account import Account, count_library, describe_library
from tasks.ingest.passages.cutting import Measure, cut_passages
from tasks.ingest.passages.stored_documents import Document, Library
from tasks.ingest.reading.library import read_library
from tasks.kernel.errors import ConfigError, DocumentError
from tasks.kernel.workspace import Inputs, Metrics, Workspace
from tasks.records import refused
from tasks.records.corpus import Passage
from tasks.records.dataset import Example
from tasks.records.documents import write_documents
from tasks.records.files import append_records, write_json, write_records
from tasks.text.segments import count_words

logger = logging.getLogger(__name__)


def run(inputs: Inputs, config: IngestConfig, work: Workspace) -> Metrics:
    """Write the corpus of one domain; raise DocumentError where a source yields nothing to work with."""
    _require_source(inputs, config)
    rows = _rows(inputs, config.dataset)
    library = _library(inputs, config, work)
    accounts = _cut_all(library, config, _measure(inputs, config), work)
    examples = [] if config.dataset is None else _map(rows, config.dataset, work)
    write_records(work.out / "examples.jsonl", examples)
    write_documents(work.out, describe_library(library, accounts))
    return count_library(library, accounts) | {"examples": len(examples)}


def _require_source(inputs: Inputs, config: IngestConfig) -> None:
    hub = config.dataset is not None and config.dataset.hub is not None
    if "dataset" in inputs and config.dataset is None:
        raise ConfigError("dataset: give its mapping (`question`, `answer`) too, or remove the data set")
    if "dataset" in inputs and hub:
        raise ConfigError("dataset: both a local file and `hub` are given; remove one of them")
    if config.dataset is not None and not hub and "dataset" not in inputs:
        raise ConfigError("dataset: neither a local file nor `hub` is given; give one of them")
    if not inputs.keys() & {"documents", "dataset"} and not hub:
        raise ConfigError("nothing to read: give the domain `documents`, a `dataset`, or both")


def _rows(inputs: Inputs, mapping: DatasetMapping | None) -> list[Rows]:
    if mapping is None:
        return []
    return read_local(inputs["dataset"], mapping) if "dataset" in inputs else read_hub(mapping)


def _map(rows: Sequence[Rows], mapping: DatasetMapping, work: Workspace) -> list[Example]:
    """Return the examples of a data set, and write what became of its rows."""
    mapped = map_rows(rows, mapping)
    encodings = {table.name: table.encoding for table in rows if table.encoding is not None}
    for name, encoding in encodings.items():
        level = logging.WARNING if encoding.doubtful else logging.INFO
        logger.log(level, "data set: %s: %s", name, encoding.told())
    told = {name: one.model_dump(mode="json", exclude_unset=True) for name, one in encodings.items()}
    write_json(work.out / "dataset.json", mapped.summary() | ({"encodings": told} if told else {}))
    if mapped.refused:
        write_records(work.out / refused.FILE, mapped.refused)
        logger.warning(
            "data set: %d rows refused, see %s; %s", len(mapped.refused), refused.FILE, "; ".join(mapped.told)
        )
    work.progress(len(mapped.examples), len(mapped.examples), "examples")
    return list(mapped.examples.values())


def _library(inputs: Inputs, config: IngestConfig, work: Workspace) -> Library:
    if "documents" not in inputs:
        return Library([], [], {})
    return read_library(inputs["documents"], config.reading, work.scratch / "pages", work.progress)


def _measure(inputs: Inputs, config: IngestConfig) -> Measure:
    """Return what passages are measured with; loads a tokenizer only where the config asks for tokens."""
    if config.passage_tokens is None:
        return count_words
    from tasks.models.loading import load_tokenizer

    tokenizer = load_tokenizer(inputs["tokenizer"])
    return lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"])


def _cut_all(library: Library, config: IngestConfig, measure: Measure, work: Workspace) -> list[Account]:
    """Write the passages of every document, and return their accounts."""
    target = work.out / "passages.jsonl"
    write_records(target, [])
    accounts: list[Account] = []
    for document in library.documents:
        account = Account(document)
        passages = _cut(document, config, measure, account)
        append_records(target, passages)
        account.close(passages)
        accounts.append(account)
    if library.documents and not any(account.passages for account in accounts):
        raise DocumentError(
            "documents: nothing is left of any of them after cleaning; switch off what takes too much in"
            " `ingest.cleaning`"
        )
    return accounts


def _cut(document: Document, config: IngestConfig, measure: Measure, account: Account) -> list[Passage]:
    blocks = clean_blocks(document, config.cleaning, account.removed, account.hyphens)
    size = config.passage_size
    return list(cut_passages(document.name, document.digest, account.watched(blocks), size, measure))
