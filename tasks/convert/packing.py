"""INT4 graph to bundle, through litert-torch.

In: a model's tokenizer and chat template, and its quantized graph. Out: `model.litertlm`.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.convert.graph import Source
from tasks.models.chat import prompt_text

if TYPE_CHECKING:
    from litert_lm_builder.runtime.proto.llm_metadata_pb2 import LlmMetadata


def pack(source: Source, tflite: Path, folder: Path) -> Path:
    """Write `tflite` with the model's tokenizer and chat template to `folder`/model.litertlm."""
    from litert_torch.generative.export_hf.core import export_lib, litert_lm_builder

    tokenizer, settings = source.parts.tokenizer, source.settings
    artifacts = export_lib.ExportedModelArtifacts(prefill_decode_model_path=str(tflite))
    artifacts = export_lib.export_tokenizer(source.parts, settings, artifacts)
    metadata = litert_lm_builder.build_llm_metadata(
        source.parts, settings, tokenizer.chat_template, artifacts
    )
    settle_turns(metadata, tokenizer.eos_token_id, prompt_text(tokenizer, "?"))
    file = Path(settings.work_dir) / "llm_metadata.pb"
    file.write_bytes(metadata.SerializeToString(deterministic=True))
    settings = replace(settings, output_dir=str(folder), litert_lm_llm_metadata_override=str(file))
    packed = litert_lm_builder.package_model(source.parts, settings, artifacts)
    return Path(packed.litert_lm_model_path)


def settle_turns(metadata: "LlmMetadata", end_of_turn: int | None, prompt: str) -> None:
    """Name each stop token once and by id, and no start token that prompts lack or that the template writes.

    A template may name it by a variable, which the runtime leaves empty: then the runtime adds it.
    """
    ids = {number for token in metadata.stop_tokens for number in token.token_ids.ids}
    if end_of_turn is not None:
        ids.add(end_of_turn)
    metadata.ClearField("stop_tokens")
    for number in sorted(ids):
        metadata.stop_tokens.add().token_ids.ids.append(number)
    start = metadata.start_token.token_str
    if start and (start in metadata.jinja_prompt_template or not prompt.startswith(start)):
        metadata.ClearField("start_token")
