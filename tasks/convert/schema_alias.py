"""Give litert-torch the flatbuffer schema that it looks up inside TensorFlow.

In: nothing. Out: module names in this process. litert-torch 0.10.0 imports one generated
file of TensorFlow's without declaring TensorFlow; ai-edge-litert ships the same file.
"""

import importlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

SCHEMA = "schema_py_generated"
PARENTS = ("tensorflow", "tensorflow.lite", "tensorflow.lite.python")


def alias_schema() -> None:
    """Register the schema under TensorFlow's name, unless TensorFlow itself is installed."""
    if "tensorflow" in sys.modules or importlib.util.find_spec("tensorflow"):
        return
    for name in PARENTS:
        module = ModuleType(name)
        # torch._dynamo asks every loaded module for its spec.
        module.__spec__ = ModuleSpec(name, None, is_package=True)
        module.__path__ = []
        sys.modules[name] = module
    sys.modules[f"{PARENTS[-1]}.{SCHEMA}"] = importlib.import_module(f"ai_edge_litert.{SCHEMA}")
