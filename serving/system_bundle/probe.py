"""Have every expert of a system bundle answer before anybody gets it.

In: a bundle's folder and manifest. Out: nothing, or an error that names the file. The runtime loads adapters
that it then passes over, so that what an adapter changes is looked at, and not that it loads.
"""

from contextlib import closing
from pathlib import Path

from litert_lm import LoraConfig

from serving.bundle_experts import OpenBundle
from tasks.kernel.errors import ModelError
from tasks.models.bundle import Bundle
from tasks.models.bundle_trial import check_json
from tasks.models.edge_files import ExpertFiles
from tasks.records.system import SystemManifest

_QUESTION, _ANSWER = "What helps against fear?", "Slow breathing helps."
_TOKENS = 8


def probe(folder: Path, manifest: SystemManifest) -> None:
    """Ask each expert; raise ModelError where the runtime fails or an adapter changes nothing."""
    files = {
        expert.domain: ExpertFiles(folder / expert.file, folder / expert.adapter if expert.adapter else None)
        for expert in manifest.experts
    }
    nothing = folder / manifest.no_adapter if manifest.no_adapter else None
    for path in dict.fromkeys(one.bundle for one in files.values()):
        with closing(Bundle(path)) as bundle:
            asked = {name: one for name, one in files.items() if one.bundle == path}
            opened = OpenBundle(bundle, asked, _TOKENS)
            for name, one in asked.items():
                "".join(opened.answer(name, _QUESTION))
                check_json(bundle, one.adapter)
                if one.adapter and nothing and _scores(bundle, one.adapter) == _scores(bundle, nothing):
                    raise ModelError(
                        f"{one.adapter}: the runtime says with it what the base says without;"
                        " train the adapter again, or ship the expert with `--form merged`"
                    )


def _scores(bundle: Bundle, adapter: Path) -> list[float]:
    apart = LoraConfig(lora_path=str(adapter))
    with (
        bundle.errors(),
        bundle.engine.create_session(apply_prompt_template=False, lora_config=apart) as session,
    ):
        session.run_prefill([_QUESTION])
        return [float(score) for score in session.run_text_scoring([_ANSWER]).token_scores[0]]
