"""Arrays of a router as a file: never a pickle, so a router from a stranger can run no code."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from tasks.kernel.errors import DataError
from tasks.router_runtime.question_scores import Floats

REMEDY = "run the route stage again"
Shape = tuple[int | None, ...]
"""None: any length."""


def write_arrays(path: Path, **arrays: Floats) -> None:
    """Write arrays by name."""
    content = BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    path.write_bytes(content.getvalue())


def read_arrays(path: Path, shapes: Mapping[str, Shape]) -> dict[str, Floats]:
    """Return the arrays named in `shapes`.

    Raises DataError where one is missing, of another shape, or holds numbers that are not finite.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: np.asarray(archive[name]) for name in shapes}
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; {REMEDY}") from error
    except (OSError, KeyError, ValueError, TypeError, EOFError, BadZipFile) as error:
        raise DataError(f"{path}: not a router's weights ({error}); {REMEDY}") from error
    for name, shape in shapes.items():
        _check(path, name, arrays[name], shape)
    return arrays


def _check(path: Path, name: str, array: Floats, shape: Shape) -> None:
    if len(array.shape) != len(shape) or any(
        want not in (None, have) for want, have in zip(shape, array.shape, strict=True)
    ):
        message = f"{path}: {name} has shape {array.shape}, but router.json wants {shape}"
        raise DataError(f"{message}; {REMEDY}")
    if not (np.issubdtype(array.dtype, np.floating) and np.isfinite(array).all()):
        raise DataError(f"{path}: {name} holds what are not finite numbers; {REMEDY}")
