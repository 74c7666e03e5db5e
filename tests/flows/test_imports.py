"""Imports: the flow loads where torch cannot, and commands that only look load no large library."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.kernel.settings import PROJECT

pytestmark = pytest.mark.slow

FLOW = """
import sys
for name in ("torch", "transformers", "peft", "trl", "sklearn", "litert_lm"):
    sys.modules[name] = None
import flows.pipeline
"""
COMMAND = """
import sys
for name in ("prefect", "mlflow", "torch", "matplotlib", "pandas", "sqlalchemy", "fastapi", "jinja2"):
    sys.modules[name] = None
sys.argv = ["pocketmoe", *sys.argv[1:]]
from flows.cli import app
app()
"""
WORKER = """
import sys
import tasks.kernel.execution.worker
sys.exit(any(name.startswith(("tasks.models", "torch")) for name in sys.modules))
"""


def test_the_pipeline_imports_without_model_libraries() -> None:
    subprocess.run([sys.executable, "-c", FLOW], cwd=PROJECT, check=True)


@pytest.mark.parametrize("arguments", [["--help"], ["plan", "configs/smoke.yaml"]], ids=["help", "plan"])
def test_commands_that_only_look_work_without_large_libraries(arguments: list[str], tmp_path: Path) -> None:
    places = {**os.environ, "POCKETMOE_ARTIFACTS": str(tmp_path)}
    subprocess.run([sys.executable, "-c", COMMAND, *arguments], cwd=PROJECT, env=places, check=True)


def test_a_child_loads_nothing_of_models_before_it_needs_one() -> None:
    subprocess.run([sys.executable, "-c", WORKER], cwd=PROJECT, check=True)
