"""Find base models for a child that cannot: the converter's environment has not the packages they come in.

In: a request with base models, which a child in the pipeline's own environment serves. Out: `models.json` in
its scratch folder, and the same request with folders instead.
"""

import json
from pathlib import Path

from tasks.kernel.config import Slice
from tasks.kernel.execution.worker import Request
from tasks.kernel.workspace import Inputs, Metrics, Workspace

FILE = "models.json"


def asked_by(request: Request) -> Request:
    """Return the request that finds the models of this one."""
    return request.model_copy(update={"module": __name__, "inputs": {}, "config": {}})


def run(inputs: Inputs, config: Slice, work: Workspace) -> Metrics:  # noqa: ARG001  # as every child's
    """Write where the models are, which are unpacked or downloaded by now."""
    found = {name: str(folder) for name, folder in inputs.items()}
    (work.scratch / FILE).write_text(json.dumps(found), encoding="utf-8")
    return {}


def answered(request: Request) -> Request:
    """Return the request with the folders that were found."""
    found = json.loads((request.scratch / FILE).read_text(encoding="utf-8"))
    folders = {name: Path(folder) for name, folder in found.items()}
    return request.model_copy(update={"inputs": {**request.inputs, **folders}, "models": {}})
