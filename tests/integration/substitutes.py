"""What stands for the containers of other people's images: PostgreSQL of this machine, and an S3 server.

In: a service of the compose file, its address and its folder. Out: commands that do what the image does.
SeaweedFS is in no package registry, so moto's S3 server stands for it: the same protocol, other bytes.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

import boto3
from botocore.client import BaseClient
from compose_file import Service

_S3_PORT = 8333


def is_postgres(service: Service) -> bool:
    """Tell whether the service is a PostgreSQL server."""
    return service.image.startswith("postgres:")


def is_s3(service: Service) -> bool:
    """Tell whether the service is the S3 server."""
    return service.image.startswith("chrislusf/seaweedfs:")


def postgres_programs() -> Path:
    """Return the folder of the newest PostgreSQL server programs, which Debian keeps off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise FileNotFoundError("/usr/lib/postgresql: no server programs; run tests/integration/install.sh")
    return found[-1].parent


def server_user(service: Service) -> str | None:
    """Return the user that the service runs as: PostgreSQL refuses to run as root."""
    return "postgres" if is_postgres(service) and os.geteuid() == 0 else None


def command(service: Service, address: str, folder: Path) -> list[str]:
    """Return the program that stands for the image's."""
    if is_s3(service):
        return ["moto_server", "-H", address, "-p", str(_S3_PORT)]
    return [str(postgres_programs() / "postgres"), "-D", f"{folder}/data", "-h", address, "-k", str(folder)]


def prepare(service: Service, folder: Path) -> None:
    """Make a database cluster with the variables that the image takes."""
    if not is_postgres(service):
        return
    password, user = folder / "password", server_user(service)
    password.write_text(service.environment["POSTGRES_PASSWORD"])
    for path in (folder, password) if user else ():
        shutil.chown(path, user, user)
    name = service.environment["POSTGRES_USER"]
    arguments = [
        "-D",
        folder / "data",
        "--no-sync",
        "--auth=scram-sha-256",
        "-U",
        name,
        f"--pwfile={password}",
    ]
    subprocess.run(
        [postgres_programs() / "initdb", *arguments],
        user=user,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        check=True,
    )


def complete(service: Service, address: str, variables: Mapping[str, str]) -> None:
    """Make the database or the bucket that the image makes at its first start."""
    if is_s3(service):
        s3_client(variables).create_bucket(Bucket=service.environment["S3_BUCKET"])
    if is_postgres(service):
        of = service.environment
        subprocess.run(
            [postgres_programs() / "createdb", "-h", address, "-U", of["POSTGRES_USER"], of["POSTGRES_DB"]],
            env={"PATH": os.environ["PATH"], "PGPASSWORD": of["POSTGRES_PASSWORD"]},
            check=True,
        )


def s3_client(variables: Mapping[str, str]) -> BaseClient:
    """Return a client of the S3 server with the variables of one of its users."""
    return boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_DEFAULT_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


def s3_answers(address: str) -> bool:
    """Tell whether the S3 server listens; it has no health check of SeaweedFS's kind."""
    with socket.socket() as probe:
        return probe.connect_ex((address, _S3_PORT)) == 0
