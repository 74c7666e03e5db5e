"""The stage for real: a tiny model becomes a bundle that adds up and that LiteRT-LM runs."""

import json
import subprocess
from pathlib import Path

import litert_lm
import pytest

from tasks.convert.config import ConvertConfig
from tasks.convert.run import run
from tasks.kernel.errors import UnsupportedError
from tasks.kernel.workspace import Workspace, silent
from tasks.models.int4 import BlockSizeError, Int4
from tasks.models.sources import TinyModel

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
CONVERTER = PROJECT / ".venv-convert" / "bin" / "python"
CONTEXT = 256
SCRIPT = """
import json, sys
from pathlib import Path
from tasks.convert import run, tracing
from tasks.convert.config import ConvertConfig
from tasks.kernel.workspace import Workspace
merged, graph, out, scratch, cache = sys.argv[1:]
reports = []
def progress(done, total, unit, **live):
    reports.append((done, total, unit))
config = ConvertConfig(cache_length=int(cache))
tracing.run({"model": Path(merged)}, config.graph(), Workspace(Path(graph), Path(scratch), progress))
traced, reports = reports, []
work = Workspace(Path(out), Path(scratch), progress)
metrics = run.run({"merged": Path(merged), "graph": Path(graph)}, config, work)
told = {"metrics": metrics, "traced": traced, "reports": reports}
Path(scratch, "told.json").write_text(json.dumps(told))
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Path:
    """Convert a tiny model once, in the converter's environment."""
    from tasks.models.tiny import save_tiny_model

    if not CONVERTER.is_file():
        pytest.fail(f"{CONVERTER}: no such interpreter; run `make install`")
    root = tmp_path_factory.mktemp("convert")
    names = ("merged", "graph", "out", "scratch")
    for name in names:
        (root / name).mkdir()
    save_tiny_model(root / "merged", TinyModel())
    command = [CONVERTER, "-c", SCRIPT, *(root / name for name in names), str(CONTEXT)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return root


def told(folders: Path) -> dict[str, object]:
    return json.loads((folders / "scratch" / "told.json").read_text())


def read(folders: Path, name: str) -> object:
    return json.loads((folders / "out" / name).read_text())


def test_only_the_bundle_and_its_figures_ship(folders) -> None:
    assert sorted(file.name for file in (folders / "out").iterdir()) == [
        "breakdown.json",
        "model.litertlm",
        "sizes.json",
    ]
    assert [file.name for file in (folders / "scratch").iterdir()] == ["told.json"]


def test_breakdown_adds_up_to_the_bundle(folders) -> None:
    bundle = (folders / "out" / "model.litertlm").stat().st_size
    assert sum(row["bytes"] for row in read(folders, "breakdown.json")) == bundle
    assert all(row["bytes"] >= 0 for row in read(folders, "breakdown.json"))
    assert told(folders)["metrics"]["bundle"] == read(folders, "sizes.json")["bundle"] == bundle


def test_body_is_int4_and_the_tied_table_is_stored_once(folders) -> None:
    rows = {(row["group"], row["dtype"]): row for row in read(folders, "breakdown.json")}
    model = TinyModel()
    hidden, layers = model.hidden_size, 2
    assert rows["mlp", "int4"]["bytes"] == layers * 3 * hidden * 2 * hidden // 2
    assert rows["embedding and head", "int8"]["tensors"] == 1
    assert not {("head", "int8"), ("embedding", "int8"), ("mlp", "float32")} & set(rows)


def test_progress_names_the_steps_and_ends_full(folders) -> None:
    found = told(folders)
    assert named(found["traced"]) == ["trace", "take weights out", "done"]
    assert named(found["reports"]) == ["fill", "quantize", "pack", "measure", "try", "done"]
    assert len({done for done, _, unit in found["traced"] if unit == "trace"}) > 20
    for reports in (found["traced"], found["reports"]):
        assert reports[-1][0] == reports[-1][1]


def named(reports: list[tuple[int, int, str]]) -> list[str]:
    return list(dict.fromkeys(unit for *_, unit in reports))


def test_bundle_renders_its_template_and_answers(folders, tmp_path) -> None:
    litert_lm.set_min_log_severity(litert_lm.LogSeverity.ERROR)
    bundle = str(folders / "out" / "model.litertlm")
    with litert_lm.Engine(bundle, backend=litert_lm.Backend.CPU(), cache_dir=str(tmp_path)) as engine:
        assert engine.bos_token_id is None
        with engine.create_conversation(max_output_tokens=8) as conversation:
            assert conversation.render_message_to_string("Why?").startswith(
                "<|im_start|>user\nWhy?<|im_end|>\n"
            )
            assert str(conversation.send_message("Why?"))
            assert conversation.token_count > 8


def test_block_size_that_does_not_fit_fails_before_the_graph_is_filled(tmp_path) -> None:
    from tasks.models.tiny import save_tiny_model

    save_tiny_model(tmp_path, TinyModel())
    config = ConvertConfig(quantization=Int4(block_size=128))
    with pytest.raises(BlockSizeError, match=r"64 wide.*use 64 or 32"):
        run({"merged": tmp_path}, config, Workspace(tmp_path, tmp_path, silent))


def test_bundle_that_nothing_here_could_evaluate_is_refused(tmp_path) -> None:
    with pytest.raises(UnsupportedError, match="litertlm"):
        run({}, ConvertConfig(formats=("task",)), Workspace(tmp_path, tmp_path, silent))
