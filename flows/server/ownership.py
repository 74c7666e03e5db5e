"""Which server belongs to an artifacts folder, on which port: two projects on one host never share one.

In: settings. Out: a free port, the address that is noted in the folder, and whether what answers there is
the folder's own. A Prefect server is told at its start where its folder keeps results, and says so
when it is asked for its settings; an MLflow server shows when the folder's experiment was made. A port number
proves nothing.
"""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from tasks.kernel.errors import ServiceError
from tasks.kernel.settings import Settings

HOST = "127.0.0.1"
Service = Literal["prefect", "mlflow"]
_PORTS_TRIED = 200
_LAST_PORT = 65535
_ANSWER_SECONDS = 5.0


def free_port(wanted: int) -> int:
    """Return `wanted`, or the next port that nothing uses; raise ServiceError where there is none."""
    for port in _candidates(wanted):
        if not busy(port):
            return port
    raise ServiceError(
        f"{HOST}: no free port from {wanted} on;"
        " set POCKETMOE_PREFECT_PORT and POCKETMOE_MLFLOW_PORT to others"
    )


def busy(port: int) -> bool:
    """Tell whether a program listens on the port, or keeps it otherwise."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            return True
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def note(settings: Settings, service: Service, port: int) -> None:
    """Write into the folder where its service is served."""
    file = _file(settings, service)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps({"url": f"http://{HOST}:{port}"}) + "\n", encoding="utf-8")
    partial.replace(file)


def noted(settings: Settings, service: Service) -> str:
    """Return the address at which the folder's service was served last; empty: never."""
    try:
        return str(json.loads(_file(settings, service).read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def own_api(settings: Settings) -> str:
    """Return the address of the folder's Prefect API where it runs now; empty: it does not."""
    url = noted(settings, "prefect")
    return f"{url}/api" if url and is_own(f"{url}/api", settings) else ""


def is_own(api: str, settings: Settings) -> bool:
    """Tell whether the Prefect API at `api` is the folder's own."""
    import httpx

    try:
        answer = httpx.get(f"{api}/admin/settings", timeout=_ANSWER_SECONDS).json()
        return Path(answer["results"]["local_storage_path"]) == _results(settings)
    except (httpx.HTTPError, ValueError, TypeError, KeyError):
        return False


def shows(mlflow: str, experiment: tuple[str, int]) -> bool:
    """Tell whether the MLflow server at this address shows the database that holds this experiment."""
    import httpx

    from tasks.kernel.tracking.tracker import EXPERIMENT

    try:
        url = f"{mlflow}/api/2.0/mlflow/experiments/get-by-name"
        answer = httpx.get(url, params={"experiment_name": EXPERIMENT}, timeout=_ANSWER_SECONDS).json()
        found = answer["experiment"]
        return (found["artifact_location"], int(found["creation_time"])) == experiment
    except (httpx.HTTPError, ValueError, TypeError, KeyError):
        return False


def ownership(settings: Settings) -> dict[str, str]:
    """Return the variables by which a Prefect server knows to whom it belongs."""
    return {"PREFECT_RESULTS_LOCAL_STORAGE_PATH": str(_results(settings))}


def _candidates(wanted: int) -> Iterator[int]:
    yield from range(wanted, min(wanted + _PORTS_TRIED, _LAST_PORT + 1))


def _results(settings: Settings) -> Path:
    """Return where Prefect would keep results; it keeps none, and the place names the folder."""
    return settings.home / "prefect" / "storage"


def _file(settings: Settings, service: Service) -> Path:
    return settings.home / service / "server.json"
