"""Local places of models: the user's cache of what is unpacked or made, a folder, the hub's cache.

In: a name, folder or repository. Out: a folder. What is not stored in the Hugging Face layout is unpacked
once, because reading GGUF takes twenty seconds and every stage starts a fresh process.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tasks.kernel.errors import ModelError


def models_cache() -> Path:
    """Return the folder of models that are unpacked or made here; raise RuntimeError without a home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pocketmoe" / "models"


def unpacked(name: str, save: Callable[[Path], None]) -> Path:
    """Fill `<cache>/<name>` once; racing processes each fill a folder of their own and one wins."""
    cache = models_cache()
    folder = cache / name
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=cache, prefix=f".{name}-"))
    save(staging)
    try:
        staging.rename(folder)
    except OSError:
        shutil.rmtree(staging)
        if not folder.is_dir():
            raise
    return folder


def existing(folder: Path) -> Path:
    """Return `folder`; raise ModelError where no model was saved in it."""
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder}: no config.json; point `path` at a folder written by save_pretrained")
    return folder


def downloaded(repo: str, revision: str) -> Path:
    """Return the hub's local copy of a repository; raise ModelError where there is none to be had."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repo, revision=revision))
    except (HfHubHTTPError, LocalEntryNotFoundError) as error:
        raise ModelError(
            f"base model {repo}@{revision}: not in the local cache and the hub cannot be"
            f" reached ({type(error).__name__}); download it first, or use `source: embedded`"
        ) from error
