"""Where and how the pipeline runs: read from `POCKETMOE_*`, never part of a cache key.

In: the environment. Out: one frozen value that is passed on explicitly.
"""

import os
import re
import tempfile
from pathlib import Path
from typing import Literal, Self

from pydantic import ByteSize, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.kernel.errors import ConfigError

PROJECT = Path(__file__).resolve().parents[2]
_NO_ADDRESS = re.compile(r"[?#%\x00-\x1f\x7f\ud800-\udfff]")
"""What an address reads as something else, and what is no text."""


class Settings(BaseSettings):
    """Places, ports and limits of this machine."""

    model_config = SettingsConfigDict(env_prefix="POCKETMOE_", frozen=True)

    artifacts: Path = Path("artifacts")
    """Cache, store, runs and both dashboards' databases live below this folder."""
    convert_python: Path = PROJECT / ".venv-convert" / "bin" / "python"
    """Interpreter of the converter's own environment."""
    task_python: Path = PROJECT / ".venv-task" / "bin" / "python"
    """Interpreter that has MediaPipe's bundler, which only `task` in `convert.formats` needs."""
    slots: int = Field(default=2, ge=1, le=64)
    """Heavy stages that run at the same time on this machine."""
    stage_timeout: float = Field(default=24 * 3600, gt=0)
    """Seconds after which a stage's child process is ended."""
    stage_memory: ByteSize | None = None
    """Resident memory at which a stage's processes are ended, such as `6GB`; none: no limit."""
    gpus: tuple[int, ...] | None = None
    """Indices of the GPUs that stages may use, one each; none: all that the driver lists."""
    store_url: str = ""
    """Where artifacts are shared with other machines, such as `s3://bucket/prefix`; empty: nowhere."""
    task_runner: Literal["thread", "dask", "ray"] = "thread"
    """What runs the stages: threads of this process, or the workers of a cluster."""
    cluster: str = ""
    """Address of the Dask scheduler or the Ray head; empty: a cluster on this machine."""
    cluster_workers: int = Field(default=2, ge=1, le=1024)
    """Workers of a cluster on this machine."""
    notify_url: SecretStr = SecretStr("")
    """Where `pocketmoe setup` lets the server tell how runs end: a webhook, a chat or an e-mail address."""
    prefect_port: int = Field(default=4200, ge=1, le=65535)
    mlflow_port: int = Field(default=5000, ge=1, le=65535)

    @classmethod
    def read(cls) -> Self:
        """Read the environment; raise ConfigError that names the variable at fault."""
        try:
            settings = cls()
        except ValidationError as error:
            problem = error.errors()[0]
            variable = f"POCKETMOE_{str(problem['loc'][0]).upper()}"
            raise ConfigError(
                f"{variable}={problem['input']}: {problem['msg']}; set another or unset it"
            ) from error
        settings._refuse_home()
        return settings

    def _refuse_home(self) -> None:
        """Refuse an artifacts folder whose path cannot stand in the addresses of the databases below it."""
        try:
            path = str(self.home)
        except (OSError, RuntimeError) as error:
            raise ConfigError(f"POCKETMOE_ARTIFACTS={self.artifacts}: {error}; set another folder") from error
        if odd := _NO_ADDRESS.search(path):
            shown = ascii(odd[0])
            raise ConfigError(
                f"POCKETMOE_ARTIFACTS: {ascii(path)[1:-1]}: {shown} cannot stand in a database's address;"
                " set a folder without it in its path"
            )

    @property
    def home(self) -> Path:
        """Return the absolute artifacts folder."""
        return self.artifacts.resolve()

    @property
    def store(self) -> Path:
        """Return the folder of the content-addressed store."""
        return self.home / "store"

    @property
    def cache(self) -> Path:
        """Return the folder of one small record per cache key."""
        return self.home / "cache"

    @property
    def runs(self) -> Path:
        """Return the folder of the reports."""
        return self.home / "runs"

    @property
    def comparisons(self) -> Path:
        """Return the folder of the comparisons of routers."""
        return self.home / "comparisons"

    @property
    def locks(self) -> Path:
        """Return the folder of the file locks that runs on this machine share."""
        return self.home / "locks"

    @property
    def device_locks(self) -> Path:
        """Return the folder of the locks that every run of this user on this machine shares."""
        return Path(tempfile.gettempdir()) / f"pocketmoe-{os.getuid()}"

    @property
    def scratch(self) -> Path:
        """Return the folder of checkpoints, by cache key."""
        return self.home / "scratch"

    @property
    def reuse(self) -> Path:
        """Return the folder of work that recipes share, by what decides it."""
        return self.home / "reuse"

    @property
    def threads(self) -> int:
        """Return the processor threads for one of `slots` stages that run side by side."""
        return max(1, (os.cpu_count() or 1) // self.slots)
