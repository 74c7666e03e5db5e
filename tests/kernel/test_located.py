"""Base models for the converter are found in the pipeline's environment, which has their packages."""

import sys
from pathlib import Path

import pytest

from tasks.kernel.execution import located
from tasks.kernel.execution.child import run_child
from tasks.kernel.execution.worker import Request
from tasks.models.sources import TinyModel

pytestmark = pytest.mark.slow


def test_a_request_gets_folders_for_its_models_and_keeps_the_rest(tmp_path: Path) -> None:
    model = TinyModel(seed=5)
    request = Request(
        module="tasks.convert.tracing",
        inputs={"other": tmp_path},
        models={"model": model.model_dump(mode="json")},
        config={"cache_length": 64},
        out=tmp_path,
        scratch=tmp_path,
    )
    run_child(
        located.asked_by(request),
        tmp_path / "request.json",
        python=Path(sys.executable),
        threads=1,
        timeout=60,
        on_event=lambda _: None,
    )
    found = located.answered(request)
    assert found.inputs == {"other": tmp_path, "model": model.folder()}
    assert not found.models
    assert (found.module, found.config) == (request.module, request.config)
