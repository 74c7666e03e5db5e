"""What a shipped form loses: every held-out answer scored by the phone's runtime and by the float expert.

In: a run, and the files that an expert ships as. Out: losses answer by answer, over the very same tokens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from serving.runs import FinishedRun
from tasks.evaluate.measuring.answer_scoring import score_answers
from tasks.evaluate.measuring.bundle_runs import run_bundle
from tasks.evaluate.measuring.generation import Decoding
from tasks.models.chat import Turns, chat_turns
from tasks.models.edge_files import ExpertFiles
from tasks.models.loading import load_model, load_tokenizer
from tasks.records.dataset import Example
from tasks.records.estimate import Estimate
from tasks.records.files import read_records
from tasks.statistics.bootstrap import Bootstrap, Loss, perplexity

BATCH = 16
GREEDY = Decoding(max_new_tokens=40, temperature=0, seed=0)
BOOTSTRAP = Bootstrap(1000, 0.95, 42)


@dataclass(frozen=True)
class Pairs:
    """Losses of the same answers in both forms."""

    edge: list[Loss]
    floating: list[Loss]

    def ratio(self) -> Estimate:
        """Return how much higher the first one's perplexity is: 0.1 is ten per cent."""
        return BOOTSTRAP.perplexity_ratio(self.edge, self.floating).shifted(-1)

    def told(self) -> dict[str, object]:
        """Return the figures for the results."""
        loss = self.ratio()
        return {
            "edge": round(perplexity(self.edge), 4),
            "float": round(perplexity(self.floating), 4),
            "loss": round(loss.value, 5),
            "interval": [round(end, 5) for end in loss.ends],
            "answers": len(self.edge),
            "tokens": sum(loss.tokens for loss in self.edge),
        }


def pooled(pairs: Sequence[Pairs]) -> Pairs:
    """Return all answers together."""
    return Pairs(
        [loss for one in pairs for loss in one.edge], [loss for one in pairs for loss in one.floating]
    )


def held_out(run: FinishedRun, domain: str) -> tuple[list[str], list[Turns]]:
    """Return the questions that no expert was trained on, and their turns with the reference answers."""
    tokenizer = load_tokenizer(run.part(f"merged/{domain}"))
    examples = read_records(run.part(f"qa/{domain}") / "test.jsonl", Example)
    turns = [chat_turns(tokenizer, one.question.strip(), one.answer.strip()).whole() for one in examples]
    return [one.question.strip() for one in examples], turns


def compare(
    forms: Mapping[str, ExpertFiles], merged: Path, turns: Sequence[Turns], cache: Path
) -> dict[str, Pairs]:
    """Return each form beside the float expert in `merged`, on the answers that fit all of their contexts."""
    probed = {
        name: run_bundle(files.bundle, (), GREEDY, cache, _ignore, turns, files.adapter).probes
        for name, files in forms.items()
    }
    fitting = [place for place in range(len(turns)) if all(found[place] for found in probed.values())]
    scored = {name: [one for place in fitting if (one := found[place])] for name, found in probed.items()}
    sequences = [one.sequence for one in next(iter(scored.values()))]
    floating = score_answers(load_model(merged), sequences, BATCH, _ignore)
    return {
        name: Pairs([Loss(sum(one.nats), len(one.nats)) for one in found], floating)
        for name, found in scored.items()
    }


def _ignore(_done: int) -> None:
    """Progress is of no interest here."""
