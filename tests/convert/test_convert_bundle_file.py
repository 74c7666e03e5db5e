"""Bundle: equal contents give equal bytes, other contents another identity, and sections are found."""

from pathlib import Path

import pytest
from litert_lm_builder import DType, LitertLmFileBuilder, Metadata
from litert_lm_builder.runtime.proto.llm_metadata_pb2 import LlmMetadata

from tasks.convert.bundle_file import sections, settle_identity
from tasks.kernel.errors import ModelError


def build(folder: Path, name: str, text: str) -> Path:
    (folder / "metadata.pb").write_bytes(LlmMetadata(max_num_tokens=64).SerializeToString())
    (folder / "tokenizer.json").write_text(text)
    builder = LitertLmFileBuilder()
    builder.add_system_metadata(Metadata(key="Authors", value="x", dtype=DType.STRING))
    builder.add_llm_metadata(str(folder / "metadata.pb"))
    builder.add_hf_tokenizer(str(folder / "tokenizer.json"))
    with (folder / name).open("wb") as stream:
        builder.build(stream)
    return folder / name


def test_equal_contents_give_equal_bytes_only_once_settled(tmp_path) -> None:
    first, second = build(tmp_path, "a", "{}"), build(tmp_path, "b", "{}")
    assert first.read_bytes() != second.read_bytes()
    for bundle in (first, second):
        settle_identity(bundle)
    assert first.read_bytes() == second.read_bytes()


def test_other_contents_give_another_identity(tmp_path) -> None:
    bundles = [build(tmp_path, "a", "{}"), build(tmp_path, "b", "[]")]
    for bundle in bundles:
        settle_identity(bundle)
    header = [bundle.read_bytes()[: sections(bundle)[0].begin] for bundle in bundles]
    assert header[0] != header[1]


def test_sections_survive_settling(tmp_path) -> None:
    bundle = build(tmp_path, "a", "{}")
    before = sections(bundle)
    settle_identity(bundle)
    assert sections(bundle) == before
    assert [section.kind for section in before] == ["LlmMetadataProto", "HF_Tokenizer_Zlib"]


def test_other_files_are_refused(tmp_path) -> None:
    file = tmp_path / "model.litertlm"
    file.write_bytes(bytes(100))
    with pytest.raises(ModelError, match=r"model\.litertlm: no LiteRT-LM bundle"):
        sections(file)
