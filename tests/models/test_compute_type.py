"""`auto` is the type that the hardware computes in itself, and a configuration holds what that was."""

import json
import os
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from tasks.finetune.config import FinetuneConfig
from tasks.heal.config import HealConfig, of_base
from tasks.models import compute_type
from tasks.models.compute_type import Computed, fitting, processor_multiplies_16_bits
from tasks.models.int4 import Int4

ADAPTER: TypeAdapter[str] = TypeAdapter(Computed)


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A driver's program that prints what the test writes; what was found before is forgotten."""
    program = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    compute_type.fitting.cache_clear()
    yield program
    compute_type.fitting.cache_clear()


@pytest.mark.parametrize(
    ("said", "multiplies"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 avx512vl\n", True),
        ("flags\t\t: fpu amx_bf16 amx_tile\n", True),
        ("processor\t: 0\nFeatures\t: fp asimd bf16 i8mm\n", True),
        ("flags\t\t: fpu avx2 avx512f\n", False),
        ("model name\t: bf16 by name\nflags\t\t: avx512_bf16x\n", False),
        ("", False),
    ],
)
def test_a_processor_says_what_it_multiplies(tmp_path: Path, said: str, multiplies: bool) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(said)
    assert processor_multiplies_16_bits(file) is multiplies


def test_a_system_that_lists_nothing_computes_in_32_bits(tmp_path: Path) -> None:
    assert not processor_multiplies_16_bits(tmp_path / "cpuinfo")


@pytest.mark.parametrize(
    ("said", "found"), [("9.0\n8.0", "bfloat16"), ("7.5", "float32"), ("9.0\n7.5", "float32")]
)
def test_where_there_are_gpus_the_oldest_decides(driver: Path, said: str, found: str) -> None:
    driver.write_text(f"#!/bin/sh\necho '{said}'\n")
    driver.chmod(0o755)
    assert fitting() == found


def test_a_driver_without_gpus_leaves_it_to_the_processor(driver: Path) -> None:
    without = fitting()
    driver.write_text("#!/bin/sh\necho 'No devices were found'\n")
    driver.chmod(0o755)
    fitting.cache_clear()
    assert fitting() == without


def test_only_the_three_words_are_read() -> None:
    assert [ADAPTER.validate_python(name) for name in ("bfloat16", "float32")] == ["bfloat16", "float32"]
    assert ADAPTER.validate_python("auto") == fitting()
    for wrong in ("float16", "AUTO", 16, None):
        with pytest.raises(ValidationError):
            ADAPTER.validate_python(wrong)


def test_a_configuration_holds_what_is_done_and_not_that_it_was_left_open() -> None:
    assert FinetuneConfig.model_validate({"compute_dtype": "auto"}).compute_dtype == fitting()
    healing = HealConfig.model_validate({"compute_dtype": "auto"})
    assert healing == HealConfig()
    assert (
        of_base(healing, Int4()).compute_dtype
        == json.loads(healing.model_dump_json())["compute_dtype"]
        == fitting()
    )
