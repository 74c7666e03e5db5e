"""Open a `.task` again and compare it with what was to go in.

In: the archive and what it was made of. Out: nothing, or an error that names the part. The weights are the
very bytes of the graph in `model.litertlm`, so whatever was found about that holds for them.
"""

import hashlib
import zipfile
from pathlib import Path

from tasks.convert.mediapipe.parameters import PromptFormat, read_format
from tasks.kernel.errors import ModelError

GRAPH, TOKENIZER, METADATA = "TF_LITE_PREFILL_DECODE", "TOKENIZER_MODEL", "METADATA"
_ALIGNMENT = 4
_NAME_LENGTHS = 26
"""Where in a member's header the lengths of its name and of its extra field stand, two bytes each."""
_HEADER = 30


def require_same(task: Path, graph: Path, tokenizer: bytes, form: PromptFormat) -> None:
    """Raise ModelError where the archive is not made of exactly these."""
    with zipfile.ZipFile(task) as archive:
        found = {name: _digest(archive, name) for name in archive.namelist()}
        with graph.open("rb") as stream:
            wanted = {GRAPH: hashlib.file_digest(stream, "sha256").hexdigest()}
        wanted[TOKENIZER] = hashlib.sha256(tokenizer).hexdigest()
        wrong = [name for name, digest in wanted.items() if found.get(name) != digest]
        if found.keys() - wanted.keys() != {METADATA} or read_format(archive.read(METADATA)) != form:
            wrong.append(METADATA)
        wrong += [name for name, begin in _begins(archive, task).items() if begin % _ALIGNMENT]
    if wrong:
        raise ModelError(
            f"{task.name}: opened again, its {wrong[0]} is not what went in; remove .venv-task and"
            " run `make task-tools`"
        )


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


def _begins(archive: zipfile.ZipFile, task: Path) -> dict[str, int]:
    """Return where each member's bytes begin: a runtime maps them, and a graph has to be aligned."""
    begins = {}
    with task.open("rb") as stream:
        for member in archive.infolist():
            stream.seek(member.header_offset + _NAME_LENGTHS)
            lengths = stream.read(4)
            name, extra = (int.from_bytes(lengths[at : at + 2], "little") for at in (0, 2))
            begins[member.filename] = member.header_offset + _HEADER + name + extra
    return begins
