"""Pins the language teacher on a tiny real model: batching, sharing and resuming change no token."""

from pathlib import Path

import pytest
import torch
from generate_corpus import passages, workspace, write_corpus
from transformers import PreTrainedModel

from tasks.generate.config import GenerateConfig
from tasks.generate.run import run
from tasks.generate.teacher_config import TransformersTeacher
from tasks.generate.teachers.decoding import SamplingSettings, decode_batch, shared_prefix
from tasks.models.loading import load_model
from tasks.models.sources import TinyModel
from tasks.models.tiny import save_tiny_model
from tasks.records.dataset import Example

pytestmark = pytest.mark.models
GREEDY = SamplingSettings(temperature=0, top_p=1, max_new_tokens=12)
COMMON = list(range(5, 45))
PROMPTS = [COMMON + [50 + at] * (3 * at + 1) for at in range(6)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny")
    save_tiny_model(path, TinyModel())
    return path


@pytest.fixture(scope="module")
def model(folder: Path) -> PreTrainedModel:
    return load_model(folder)


def stops(model: PreTrainedModel, *tokens: int) -> torch.Tensor:
    mask = torch.zeros(model.config.vocab_size, dtype=torch.bool)
    mask[list(tokens)] = True
    return mask


def greedy_alone(model: PreTrainedModel, prompt: list[int], stop: torch.Tensor) -> list[int]:
    ids = list(prompt)
    for _ in range(GREEDY.max_new_tokens):
        with torch.inference_mode():
            ids.append(int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
        if stop[ids[-1]]:
            break
    return ids[len(prompt) :]


def test_shared_prefix_and_batching_change_no_token(model: PreTrainedModel) -> None:
    never = stops(model)
    free = [greedy_alone(model, prompt, never) for prompt in PROMPTS]
    stop = stops(model, free[0][2], free[3][5])
    alone = [greedy_alone(model, prompt, stop) for prompt in PROMPTS]
    assert len({len(reply) for reply in alone}) > 1
    prefix = shared_prefix(model, PROMPTS)
    assert prefix.length == len(COMMON)
    assert decode_batch(model, prefix, PROMPTS, stop, GREEDY, seed=0) == alone


def test_a_batch_leaves_the_shared_prefix_untouched(model: PreTrainedModel) -> None:
    prefix = shared_prefix(model, PROMPTS)
    first = decode_batch(model, prefix, PROMPTS, stops(model), GREEDY, seed=0)
    assert decode_batch(model, prefix, PROMPTS, stops(model), GREEDY, seed=0) == first


def test_sampling_follows_its_seed_and_the_nucleus(model: PreTrainedModel) -> None:
    prefix = shared_prefix(model, PROMPTS)
    free = SamplingSettings(temperature=1.5, top_p=1, max_new_tokens=12)
    narrow = SamplingSettings(temperature=1.5, top_p=1e-6, max_new_tokens=12)
    one, again, other = (decode_batch(model, prefix, PROMPTS, stops(model), free, seed) for seed in (1, 1, 2))
    assert one == again != other
    greedy = decode_batch(model, prefix, PROMPTS, stops(model), GREEDY, seed=0)
    assert decode_batch(model, prefix, PROMPTS, stops(model), narrow, seed=3) == greedy


class KilledError(Exception):
    """Stands for a signal."""


def test_a_killed_run_resumes_to_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    ready = [
        Example(
            id=f"d{at}", question=f"Which tool{at} suits job{at} best{at}?", answer="a", teacher="dataset"
        )
        for at in range(9)
    ]
    corpus = write_corpus(tmp_path / "corpus", passages(6, sentence_count=3), ready)
    config = GenerateConfig(
        teacher=TransformersTeacher(model=TinyModel(), batch_size=4, temperature=1.0, max_new_tokens=8),
        checkpoint_every=2,
        min_pairs=5,
        min_test_pairs=2,
    )
    inputs = {"corpus": corpus, "teacher": folder}

    def kill(done: int, total: int, unit: str, **metrics: float) -> None:  # noqa: ARG001  # a protocol
        if done >= 10:
            raise KilledError

    run(inputs, config, workspace(tmp_path / "whole"))
    with pytest.raises(KilledError):
        run(inputs, config, workspace(tmp_path / "killed", kill))
    run(inputs, config, workspace(tmp_path / "killed"))
    for name in ("train.jsonl", "test.jsonl", "candidates.jsonl", "funnel.json"):
        assert (tmp_path / "killed" / "out" / name).read_bytes() == (
            tmp_path / "whole" / "out" / name
        ).read_bytes()
