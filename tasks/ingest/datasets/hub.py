"""Rows of a data set on the Hugging Face hub, or in its cache.

In: the mapping, which names it. Out: the rows of every split, with class labels by their names.
"""

from typing import Any

from tasks.ingest.config import DatasetMapping
from tasks.ingest.datasets.rows import Row, Rows
from tasks.kernel.errors import DocumentError


def read_hub(mapping: DatasetMapping) -> list[Rows]:
    """Return the rows of every split of a hub data set, with class labels by their names."""
    from datasets import load_dataset
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import HfHubHTTPError

    try:
        found = load_dataset(mapping.hub, mapping.subset, revision=mapping.revision)
    except (DatasetsError, HfHubHTTPError, OSError, ValueError) as error:
        raise DocumentError(
            f"data set {mapping.hub}: cannot be loaded from the hub or its cache ({type(error).__name__}:"
            f" {error}); check name, subset and revision, download it first, or give a local file"
        ) from error
    return [hub_rows(f"{mapping.hub}[{split}]", split, found[split]) for split in found]


def hub_rows(source: str, split: str, table: Any) -> Rows:
    """Return the rows of one split."""
    from datasets import ClassLabel

    labels = {name: kind for name, kind in table.features.items() if isinstance(kind, ClassLabel)}
    rows = tuple((number, {**row, **_named(row, labels)}) for number, row in enumerate(table, 1))
    return Rows(source, str(split), "row", rows, source)


def _named(row: Row, labels: dict[str, Any]) -> Row:
    """Return the row's class labels by name; -1 stands for a missing label."""
    return {
        name: kind.int2str(row[name]) if row[name] is not None and row[name] >= 0 else None
        for name, kind in labels.items()
    }
