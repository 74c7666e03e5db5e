"""Turn a domain's documents and ready-made data set into a corpus.

In: `documents` (a folder of PDFs or one PDF), `dataset` (a local file or folder of files),
or neither where the config names a data set on the hub. Out: `passages.jsonl`,
`examples.jsonl`, `documents.json` and, with a data set, `dataset.json`. Every bad document
is named in one error, so that a library is mended in one go.
"""

import logging
from itertools import chain
from pathlib import Path

from tasks.errors import ConfigError, DocumentError
from tasks.ingest.blocks import build_blocks
from tasks.ingest.config import DatasetMapping, IngestConfig
from tasks.ingest.examples import map_rows
from tasks.ingest.hyphens import known_words
from tasks.ingest.passages import count_words, cut_passages
from tasks.ingest.reading import Document, find_documents, read_document
from tasks.ingest.rows import Rows, read_hub, read_local
from tasks.ingest.running import remove_running_lines
from tasks.records import Example, Passage, write_json, write_records
from tasks.workspace import Inputs, Metrics, Workspace

logger = logging.getLogger(__name__)


def run(inputs: Inputs, config: IngestConfig, work: Workspace) -> Metrics:
    """Write the corpus of one domain; raise DocumentError where a source yields nothing to work with."""
    _require_source(inputs, config)
    # pypdf warns about each oddity that it mends; a library of books would fill the log.
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    rows = _rows(inputs, config.dataset)
    documents = _read_all(inputs["documents"], work) if "documents" in inputs else []
    passages, descriptions = _passages(documents, config)
    examples: list[Example] = []
    if config.dataset is not None:
        examples, counts = map_rows(rows, config.dataset)
        write_json(work.out / "dataset.json", counts)
        work.progress(len(examples), len(examples), "examples")
    write_records(work.out / "passages.jsonl", passages)
    write_records(work.out / "examples.jsonl", examples)
    write_json(work.out / "documents.json", descriptions)
    return {
        "documents": len(documents),
        "pages": sum(len(document.pages) for document in documents),
        "words": sum(count_words(passage.text) for passage in passages),
        "passages": len(passages),
        "examples": len(examples),
    }


def _require_source(inputs: Inputs, config: IngestConfig) -> None:
    hub = config.dataset is not None and config.dataset.hub is not None
    if "dataset" in inputs and config.dataset is None:
        raise ConfigError("dataset: give its mapping (`question`, `answer`) too, or remove the data set")
    if "dataset" in inputs and hub:
        raise ConfigError("dataset: both a local file and `hub` are given; remove one of them")
    if config.dataset is not None and not hub and "dataset" not in inputs:
        raise ConfigError("dataset: neither a local file nor `hub` is given; give one of them")
    if not inputs and not hub:
        raise ConfigError("nothing to read: give the domain `documents`, a `dataset`, or both")


def _rows(inputs: Inputs, mapping: DatasetMapping | None) -> list[Rows]:
    if mapping is None:
        return []
    return read_local(inputs["dataset"], mapping) if "dataset" in inputs else read_hub(mapping)


def _read_all(source: Path, work: Workspace) -> list[Document]:
    """Read every document; raise one DocumentError that names all unreadable ones."""
    found = find_documents(source)
    documents: dict[str, Document] = {}
    problems: list[str] = []
    for done, (name, path) in enumerate(found):

        def on_page(number: int, done: int = done) -> None:
            work.progress(done, len(found), "documents", page=number)

        try:
            document = read_document(name, path, on_page)
        except DocumentError as error:
            problems.append(str(error))
            continue
        same = documents.setdefault(document.digest, document)
        if same is not document:
            logger.warning("%s: the same file as %s; left out", name, same.name)
    work.progress(len(found), len(found), "documents")
    if problems:
        raise DocumentError("\n".join(problems))
    return list(documents.values())


def _passages(
    documents: list[Document], config: IngestConfig
) -> tuple[list[Passage], list[dict[str, object]]]:
    stripped = [remove_running_lines(document.pages) for document in documents]
    known = known_words(line for pages, _, _ in stripped for page in pages for line in page)
    passages: list[Passage] = []
    descriptions: list[dict[str, object]] = []
    for document, (pages, running, numbers) in zip(documents, stripped, strict=True):
        blocks, hyphens = build_blocks(list(chain.from_iterable(pages)), known)
        cut = cut_passages(document.name, document.digest, blocks, config)
        passages.extend(cut)
        empty = [number for number, page in enumerate(document.pages, 1) if not page]
        if empty:
            logger.warning("%s: no text on %d of %d pages", document.name, len(empty), len(document.pages))
        descriptions.append(
            {
                "name": document.name,
                "digest": document.digest,
                "pages": len(document.pages),
                "pages_without_text": empty,
                "words": sum(count_words(passage.text) for passage in cut),
                "passages": len(cut),
                "removed": {"running_lines": running, "page_numbers": numbers, "hyphenations": hyphens},
            }
        )
    return passages, descriptions
