"""The replies to one group of passages, as a file that outlives the run and its recipe.

In: the asks of a few passages of one document. Out: their replies, from the file or not at all. The
file's name is what the replies depend on, so there is nothing to invalidate; it appears in one step,
so that a killed run and two runs at once leave whole files only; and a damaged one counts as none.
"""

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from tasks.generate.pairs import Ask, Draft, Reply
from tasks.records.files import Record

logger = logging.getLogger(__name__)

_SEED_BYTES = 4


class AnsweredGroup(Record):
    """The drafts of one group, and the time that their replies took."""

    drafts: list[Draft]
    seconds: float


class _Sealed(Record):
    answered: AnsweredGroup
    sha256: str
    """Digest of `answered`, because a flipped letter in a reply would still be a reply."""


def group_seed(seed: int, asks: Sequence[Ask]) -> int:
    """Return what a group draws with: it depends on the group alone, wherever in a plan it stands."""
    text = json.dumps([seed, sorted({ask.passage for ask in asks})])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:_SEED_BYTES])


def read_group(folder: Path, asks: Sequence[Ask], seed: int) -> AnsweredGroup | None:
    """Return the replies to `asks`, marked as used just now; None where they are to be asked for."""
    path = _path(folder, asks, seed)
    try:
        sealed = _Sealed.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        sealed = None
    if sealed is None or _digest(sealed.answered) != sealed.sha256 or _asks(sealed.answered) != list(asks):
        logger.warning("%s: damaged; its passages are asked again", path)
        return None
    with suppress(OSError):  # gc goes by this time; a folder that cannot be written is still good to read
        os.utime(path)
    return sealed.answered


def write_group(
    folder: Path, asks: Sequence[Ask], seed: int, replies: Sequence[Reply], seconds: float
) -> AnsweredGroup:
    """Keep the replies to `asks` durably, and return them."""
    drafts = [Draft(ask=ask, reply=reply) for ask, reply in zip(asks, replies, strict=True)]
    answered = AnsweredGroup(drafts=drafts, seconds=round(seconds, 3))
    folder.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=folder, prefix=".", suffix=".partial")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(_Sealed(answered=answered, sha256=_digest(answered)).model_dump_json())
        file.flush()
        os.fsync(file.fileno())
    Path(partial).replace(_path(folder, asks, seed))
    return answered


def _path(folder: Path, asks: Sequence[Ask], seed: int) -> Path:
    content = json.dumps([seed, [ask.model_dump(mode="json") for ask in asks]], sort_keys=True)
    return folder / f"{hashlib.sha256(content.encode()).hexdigest()}.json"


def _digest(answered: AnsweredGroup) -> str:
    return hashlib.sha256(answered.model_dump_json().encode()).hexdigest()


def _asks(answered: AnsweredGroup) -> list[Ask]:
    return [draft.ask for draft in answered.drafts]
