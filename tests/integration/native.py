"""The services of the compose file as processes of this machine, each on a loopback address of its own.

In: a folder. Out: running services that find each other by their names in the file, because each
name is replaced by its address; ports, commands, variables and health checks stay as they are.
"""

import re
import secrets
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import substitutes
from botocore.client import BaseClient
from compose_file import Service, required, services

from tasks.kernel.settings import PROJECT

_BIN = PROJECT / ".venv" / "bin"
_HEALTHY_SECONDS = 180.0
_END_SECONDS = 45.0


@dataclass
class Stack:
    """Every service of the compose file, natively."""

    root: Path
    values: dict[str, str] = field(
        default_factory=lambda: {name: secrets.token_hex(24) for name in required()}, repr=False
    )
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services = services(self.values)
        self.addresses = _addresses(list(self.services))

    def start(self) -> None:
        """Start all services, each as soon as what it needs is healthy."""
        for name, service in self.services.items():
            self._prepare(service)
            user = substitutes.server_user(service)
            with (self.root / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    self.command(service),
                    env=self.environment(name),
                    cwd=self.folder(name) if user else PROJECT,
                    user=user,
                    group=user,
                    extra_groups=[] if user else None,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    # Prefect's worker ends by SIGINT, which a shell makes its background jobs ignore.
                    preexec_fn=_take_interrupts,  # noqa: PLW1509  no threads hold locks here
                )
            self._await(service)
            substitutes.complete(service, self.addresses[name], self.environment("worker"))

    def run(self, *arguments: str) -> str:
        """Run the command line as in the worker's container; return what it says."""
        done = subprocess.run(
            [_BIN / "pocketmoe", *arguments],
            env=self.environment("worker"),
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def command(self, service: Service) -> list[str]:
        """Return the program and arguments that stand for the container's."""
        if substitutes.is_postgres(service) or substitutes.is_s3(service):
            return substitutes.command(service, self.addresses[service.name], self.folder(service.name))
        program, *words = service.command
        return [program, *(self.localised(word, service.name) for word in words)]

    def environment(self, name: str) -> dict[str, str]:
        """Return the container's variables on this machine, and nothing of the caller's."""
        path = f"{_BIN}:{substitutes.postgres_programs()}:/usr/local/bin:/usr/bin:/bin"
        own = {key: self.localised(text, name) for key, text in self.services[name].environment.items()}
        hosts = {key: self.addresses.get(text, text) for key, text in own.items() if key.endswith("_HOST")}
        return {
            "PATH": path,
            "HOME": str(self.folder(name)),
            "LANG": "C.UTF-8",
            **own,
            **hosts,
        }

    def localised(self, text: str, name: str) -> str:
        """Return `text` with services' names as addresses and the container's paths as this machine's."""
        for other, address in self.addresses.items():
            text = re.sub(rf"(?:(?<=//)|(?<=@)|(?<=,)|^){re.escape(other)}(?=:\d)", address, text)
        volume = self.folder(name)
        replaced = {
            "0.0.0.0": self.addresses[name],  # noqa: S104  # what the container listens on
            "127.0.0.1": self.addresses[name],
            "/opt/convert/bin/python": str(PROJECT / ".venv-convert" / "bin" / "python"),
            "/opt/deploy": str(PROJECT / "deploy"),
            "/var/lib/pocketmoe": str(volume),
            "/etc/redis.conf": str(volume / "redis.conf"),
            "dir /data": f"dir {volume}",
        }
        for inside, outside in replaced.items():
            text = text.replace(inside, outside)
        return text

    def s3(self) -> BaseClient:
        """Return a client of the S3 server with the worker's keys."""
        return substitutes.s3_client(self.environment("worker"))

    def folder(self, name: str) -> Path:
        """Return the folder that stands for the service's volume."""
        return self.root / name

    def healthy(self, service: Service) -> bool:
        """Tell whether the service's own health check passes."""
        if substitutes.is_s3(service):
            return substitutes.s3_answers(self.addresses[service.name])
        words = [self.localised(word, service.name) for word in service.health]
        done = subprocess.run(words, env=self.environment(service.name), capture_output=True, check=False)
        return done.returncode == 0

    def stop(self) -> list[str]:
        """End all services, the last first; return the command lines of what is left of them."""
        members = [member for process in self.processes.values() for member in _family(process)]
        for name, process in reversed(self.processes.items()):
            database = substitutes.is_postgres(self.services[name])
            process.send_signal(signal.SIGINT if database else signal.SIGTERM)
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        left = [member for member in members if _runs(member)]
        words = [" ".join(member.cmdline()) for member in left]
        for member in left:
            member.kill()
        return words

    def _prepare(self, service: Service) -> None:
        folder = self.folder(service.name)
        folder.mkdir()
        for target, content in service.configs.items():
            Path(self.localised(target, service.name)).write_text(self.localised(content, service.name))
        substitutes.prepare(service, folder)

    def _await(self, service: Service) -> None:
        deadline = time.monotonic() + _HEALTHY_SECONDS
        while not self.healthy(service):
            if self.processes[service.name].poll() is not None or time.monotonic() > deadline:
                log = (self.root / f"{service.name}.log").read_text(errors="replace")
                raise TimeoutError(f"{service.name} is not healthy:\n{log[-3000:]}")
            time.sleep(0.3)


def _addresses(names: list[str]) -> dict[str, str]:
    """Return a loopback address for each name, in a net that two stacks at a time hardly share."""
    net = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250) + 1}"
    return {name: f"{net}.{number}" for number, name in enumerate(names, start=2)}


def _take_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    if process.poll() is not None:
        return []
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def _runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
