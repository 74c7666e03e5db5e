"""The `.task` for real: MediaPipe's bundler packs it, and LiteRT-LM, which reads it, too, answers from it."""

import zipfile
from pathlib import Path

import litert_lm
import pytest
from tiny_task import convert_with_task, needs_bundler

from tasks.convert.bundle_file import sections
from tasks.convert.mediapipe.archive import GRAPH, METADATA, TOKENIZER, require_same
from tasks.convert.mediapipe.parameters import read_format
from tasks.kernel.errors import ModelError
from tasks.models.bundle_metadata import bundle_metadata
from tasks.models.chat import prompt_text, token_ids
from tasks.models.loading import load_tokenizer

pytestmark = [pytest.mark.integration, needs_bundler]
QUESTION = "Why do cafés close?"


@pytest.fixture(scope="module")
def expert(made_once) -> Path:
    return made_once("expert-with-task", convert_with_task)


@pytest.fixture(scope="module")
def members(expert) -> dict[str, bytes]:
    with zipfile.ZipFile(expert / "edge" / "model.task") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def answered(bundle: Path, cache: Path) -> tuple[str, str, list[int], int]:
    """Return the prompt and the greedy answer, the prompt's tokens and how many the conversation holds."""
    litert_lm.set_min_log_severity(litert_lm.LogSeverity.ERROR)
    greedy = litert_lm.SamplerConfig(top_k=1, top_p=1.0, temperature=1.0, seed=0)
    with (
        litert_lm.Engine(str(bundle), backend=litert_lm.Backend.CPU(), cache_dir=str(cache)) as engine,
        engine.create_conversation(max_output_tokens=24, sampler_config=greedy) as conversation,
    ):
        prompt = conversation.render_message_to_string(QUESTION)
        answer = conversation.send_message(QUESTION)
        return prompt, str(answer), engine.tokenize(prompt), conversation.token_count


def test_task_ships_beside_the_bundle(expert) -> None:
    assert sorted(file.name for file in (expert / "edge").iterdir()) == [
        "breakdown.json",
        "model.litertlm",
        "model.task",
        "sizes.json",
    ]


def test_weights_are_the_very_bytes_of_the_bundle(expert, members) -> None:
    bundle = expert / "edge" / "model.litertlm"
    (graph,) = (part for part in sections(bundle) if part.kind == "TFLiteModel")
    assert members[GRAPH] == bundle.read_bytes()[graph.begin : graph.end]


def test_same_model_gives_the_same_bytes(expert) -> None:
    first, second = (expert / name / "model.task" for name in ("edge", "again"))
    assert first.read_bytes() == second.read_bytes()


def test_stop_tokens_are_those_of_the_bundle(expert, members) -> None:
    tokenizer = load_tokenizer(expert / "merged")
    told = read_format(members[METADATA]).stop_tokens
    assert tuple(map(tokenizer.convert_tokens_to_ids, told)) == (
        *bundle_metadata(expert / "edge" / "model.litertlm").stop_tokens,
    )


def test_runtime_answers_as_it_does_from_the_bundle(expert, tmp_path) -> None:
    tokenizer = load_tokenizer(expert / "merged")
    prompt, answer, tokens, held = answered(expert / "edge" / "model.task", tmp_path)
    assert prompt == prompt_text(tokenizer, QUESTION)
    assert tokens == token_ids(tokenizer, prompt)
    assert answer
    assert (prompt, answer, tokens, held) == answered(expert / "edge" / "model.litertlm", tmp_path)


@pytest.mark.parametrize("member", [GRAPH, TOKENIZER, METADATA])
def test_archive_with_another_part_is_refused_by_its_name(members, tmp_path, member) -> None:
    graph, task = tmp_path / "graph", tmp_path / "model.task"
    graph.write_bytes(members[GRAPH])
    form = read_format(members[METADATA])
    with zipfile.ZipFile(task, "w") as archive:
        for name, content in members.items():
            # Metadata stay readable.
            other = content.replace(b"user", b"used") if name == METADATA else content + b" "
            archive.writestr(name, other if name == member else content)
    with pytest.raises(ModelError, match=rf"model\.task: opened again, its {member} is not what went in"):
        require_same(task, graph, members[TOKENIZER], form)


def test_archive_as_it_was_made_passes(expert, members, tmp_path) -> None:
    graph = tmp_path / "graph"
    graph.write_bytes(members[GRAPH])
    form = read_format(members[METADATA])
    require_same(expert / "edge" / "model.task", graph, members[TOKENIZER], form)
