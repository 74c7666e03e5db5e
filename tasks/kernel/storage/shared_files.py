"""The file systems that machines share: S3 and folders, opened through fsspec once per process.

In: a URL. Out: the file system and the path of its root. Listings are never cached, because other
machines write too, and what goes wrong is told in one sentence that names the remedy.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

from tasks.kernel.errors import ConfigError, PipelineError, ServiceError, StoreError

_CHUNK_BYTES = 8 * 2**20
_CHUNKS_AT_ONCE = 4
_TIMEOUTS = {
    "connect_timeout": 5,
    "read_timeout": 60,
    "retries": {"total_max_attempts": 3, "mode": "standard"},
}


@contextmanager
def connected(url: str) -> Iterator[tuple[Any, str]]:
    """Give the file system and the path of its root; raise PipelineError where either is not to be had."""
    try:
        yield _connect(url, os.environ.get("AWS_ENDPOINT_URL", ""), os.getpid())
    except PipelineError:
        raise
    except OSError as error:
        raise _refused(url, error) from error
    except _service_error() as error:
        raise _unreachable(url, error) from error


@contextmanager
def whole(files: Any, path: str) -> Iterator[str]:
    """Give the path to write to: a bucket shows whole files only, in a folder that takes a rename."""
    from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

    if not isinstance(files, LocalFileSystem):
        yield path
        return
    partial = f"{path}.{uuid4().hex}.partial"
    yield partial
    files.mv(partial, path)


def chunks(files: Any) -> dict[str, int]:
    """Return what keeps a transfer's memory small where the file system cuts files into pieces."""
    return {"chunksize": _CHUNK_BYTES} if "s3" in files.protocol else {}


def modified(info: dict[str, Any]) -> datetime:
    """Return when a listed file was written."""
    value = info.get("LastModified") or info.get("created") if "mtime" not in info else info["mtime"]
    return value if isinstance(value, datetime) else datetime.fromtimestamp(float(value or 0), UTC)


@cache
def _connect(url: str, endpoint: str, _process: int) -> tuple[Any, str]:
    """Open the file system behind `url`, once per process; raise PipelineError where that cannot be."""
    from fsspec.core import url_to_fs  # type: ignore[import-untyped]

    protocol = url.partition("://")[0]
    options: dict[str, object] = {"skip_instance_cache": True, "use_listings_cache": False}
    match protocol:
        case "s3":
            options |= {"max_concurrency": _CHUNKS_AT_ONCE, "config_kwargs": _TIMEOUTS}
            options |= {"default_block_size": _CHUNK_BYTES, "endpoint_url": endpoint or None}
        case "file":
            options |= {"auto_mkdir": True}
        case "memory":
            pass
        case _:
            raise ConfigError(f"POCKETMOE_STORE_URL={url}: write s3://bucket/prefix or file:///folder")
    files, root = url_to_fs(url, **options)
    root = str(root).rstrip("/")
    if protocol == "s3":
        _require_bucket(files, root.partition("/")[0])
    return files, root


def _require_bucket(files: Any, bucket: str) -> None:
    """Raise StoreError where there is no such bucket: its files would only look unpublished."""
    try:
        files.info(bucket)
    except FileNotFoundError as error:
        raise StoreError(
            f"s3://{bucket}: no such bucket; create it, or correct POCKETMOE_STORE_URL"
        ) from error


def _service_error() -> type[Exception]:
    """Return what the S3 client raises; imported only once something went wrong."""
    from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]

    kind: type[Exception] = BotoCoreError
    return kind


def _refused(url: str, error: OSError) -> PipelineError:
    if isinstance(error, TimeoutError | ConnectionError):
        return _unreachable(url, error)
    if isinstance(error, PermissionError):
        return StoreError(
            f"{url}: access refused ({error}); check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY "
            "and what they may do with the bucket"
        )
    return StoreError(f"{url}: {error}; mend that, or correct POCKETMOE_STORE_URL")


def _unreachable(url: str, error: Exception) -> ServiceError:
    if "Credentials" in type(error).__name__:
        return ServiceError(f"{url}: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "the default endpoint")
    return ServiceError(
        f"{url}: {endpoint} cannot be reached ({error}); start it, or correct AWS_ENDPOINT_URL "
        "or POCKETMOE_STORE_URL"
    )
