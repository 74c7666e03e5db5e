"""Every record of a run: read and written again, its file is the same to the byte."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from smoke_pipeline import Pipeline

from tasks.records import coverage, documents, edge, funnel, healing, merge, router, samples, training

pytestmark = pytest.mark.flow

Reader = Callable[[Path], Any]
Writer = Callable[[Path, Any], None]
RECORDS: dict[str, tuple[str, Reader, Writer]] = {
    documents.FILE: ("corpus", documents.read_documents, documents.write_documents),
    funnel.FILE: ("qadataset", funnel.read_funnel, funnel.write_funnel),
    coverage.FILE: ("qadataset", coverage.read_coverage, coverage.write_coverage),
    samples.FILE: ("qadataset", samples.read_samples, samples.write_samples),
    router.FILE: ("router", router.read_router_report, router.write_router_report),
    training.FILE: ("adapter", training.read_training, training.write_training),
    merge.FILE: ("mergedmodel", merge.read_merge_check, merge.write_merge_check),
    healing.FILE: ("healedmodel", healing.read_healing, healing.write_healing),
    edge.SIZES: ("edgemodel", edge.read_sizes, edge.write_sizes),
    edge.BREAKDOWN: ("edgemodel", edge.read_breakdown, edge.write_breakdown),
}


@pytest.mark.parametrize("file", RECORDS)
def test_a_record_is_written_as_it_was_read(finished_smoke: Pipeline, file: str, tmp_path: Path) -> None:
    kind, read, write = RECORDS[file]
    paths = sorted((finished_smoke.home / "store" / kind).glob(f"*/data/{file}"))
    assert paths
    for path in paths:
        write(tmp_path, read(path.parent))
        assert (tmp_path / file).read_bytes() == path.read_bytes()
