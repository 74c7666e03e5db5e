"""The flow can be imported where torch cannot, and importing it starts nothing."""

import subprocess
import sys

from tasks.settings import PROJECT

CODE = """
import sys
for name in ("torch", "transformers", "peft", "trl", "sklearn", "litert_lm"):
    sys.modules[name] = None
import flows.pipeline
"""


def test_the_pipeline_imports_without_model_libraries() -> None:
    subprocess.run([sys.executable, "-c", CODE], cwd=PROJECT, check=True)
