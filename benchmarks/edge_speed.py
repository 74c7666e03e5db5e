"""How fast a bundle decodes beside the same model in transformers, and whether Google's own program runs it.

In: a bundle and the float model. Out: tokens a second, in turns on the same cores: what else the machine does
then slows both.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import litert_lm
import torch
from transformers import PreTrainedModel

from tasks.models.loading import load_model

PREFILL, DECODE, ROUNDS = 64, 64, 5


def decode_speeds(bundle: Path, model: Path) -> dict[str, float]:
    """Return medians of several rounds, the runtime's by its own benchmark."""
    cores = os.cpu_count() or 1
    torch.set_num_threads(cores)
    floating = load_model(model)
    runtime = litert_lm.Benchmark(
        str(bundle),
        litert_lm.Backend.CPU(thread_count=cores),
        prefill_tokens=PREFILL,
        decode_tokens=DECODE,
        max_num_tokens=2 * (PREFILL + DECODE),
        cache_dir=":nocache",
    )
    found = [(runtime.run(), _tokens_per_second(floating)) for _ in range(ROUNDS)]
    told = [one for one, _ in found]
    ours, theirs = median(one.last_decode_tokens_per_second for one in told), median(two for _, two in found)
    return {
        "decode_tokens_per_second": ours,
        "transformers_float32_tokens_per_second": theirs,
        "decode_speedup": ours / theirs,
        "prefill_tokens_per_second": median(one.last_prefill_tokens_per_second for one in told),
        "time_to_first_token_ms": 1000 * median(one.time_to_first_token_in_second for one in told),
        "init_seconds": median(one.init_time_in_second for one in told),
    }


def plainly_run(bundle: Path, question: str) -> str:
    """Return what `litert-lm run` answers, with no setting but the file."""
    program = Path(sys.executable).parent / "litert-lm"
    command = [str(program), "run", str(bundle), "--prompt", question, "--cache", "no"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    return done.stdout.strip()


def _tokens_per_second(model: PreTrainedModel) -> float:
    """Return the speed after the prompt: a longer answer's time less a short one's."""
    prompt = torch.arange(100, 100 + PREFILL).unsqueeze(0)
    few, many = (_seconds(model, prompt, count) for count in (1, 1 + DECODE))
    return DECODE / (many - few)


def _seconds(model: PreTrainedModel, prompt: torch.Tensor, count: int) -> float:
    start = perf_counter()
    with torch.inference_mode():
        model.generate(  # type: ignore[operator]  # stubs: nn.Module
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            min_new_tokens=count,
            max_new_tokens=count,
            do_sample=False,
        )
    return perf_counter() - start
