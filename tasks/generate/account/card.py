"""Write the data-set card: what the rows are, how they were made, and what is known to be wrong with them.

In: the account and its sums. Out: `README.md` with the front matter that the Hugging Face hub reads,
so that the folder loads as a data set. Addresses, paths and limits of the config stay out: they may be
private, and two runs that differ in them have the same pairs.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from tasks.generate.account.tallies import Account, Tally
from tasks.generate.config import GenerateConfig
from tasks.records.coverage import DocumentCoverage
from tasks.records.dataset import DRAWN, RECALL, SPLITS

FIELDS: Final = {
    "id": "name of the pair: its passage and a running number",
    "question": "what is asked",
    "answer": "the reference answer",
    "passage": "id of the passage that grounds the answer; empty for rows of a ready-made data set",
    "document": "the document's path in its library",
    "pages": "first and last page of the passage, counted from 1",
    "teacher": "who wrote the pair: a model or dataset; , edited behind it: a person changed it",
    "question_type": "factual, how, why, scenario or follow-up; null where nobody said",
    "split": "train, validation, test or recall",
    "checks": "what an answer is checked with beside the reference: unit tests, a schema, a database",
    "key_fact": "in recall, the words of the answer that the question asks for",
}
"""What each field of a row holds."""
_LIMITS: Final = """\
- The pairs were written by a program and checked by programs: read `samples.json` before you rely on them.
- A pair repeats what its document says. Nobody checked whether that is right or up to date: it is no advice.
- The documents' selection and wording carry over, and so do their bias and their omissions.
- Many pages give no pair: `coverage.json` says which, and why.
- Held-out pairs come from other passages than those of training, and from other documents only where
  `split_by` says so. Those of `recall` ask for facts that training tells in another form."""
_LICENCE: Final = """\
Not stated: what may be done with the pairs depends on the licences of the documents and on the terms of
the teacher. Set `license` above before you pass them on."""
_FILES: Final = """\
`candidates.jsonl` holds every pair with its fate, `funnel.json` the counts by document, `coverage.json` those
by page, and `samples.json` pairs to read, kept and rejected."""
_MODES: Final = {
    "answer_first": "one question to each sentence that can be an answer",
    "passage": "several at once for each passage",
}
_STEPS = ("planned", "not_asked", "asked", "no_reply", "returned", "unread", "surplus", "parsed")
_ALWAYS = frozenset({"asked", "returned", "parsed"})
_TEACHER = ("kind", "mode", "constrained", "guided", "temperature", "top_p", "max_new_tokens", "quantization")
_JUDGE = ("kind", "threshold")
_LEFT_OUT = {
    *("teacher", "judging", "budget", "checkpoint_every", "min_training_pairs", "max_leaked_share"),
    "shared",
}
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_NAMED = 2


def card(
    account: Account, whole: Tally, documents: Sequence[DocumentCoverage], config: GenerateConfig
) -> str:
    """Return the card's text."""
    sections = {
        "How they were made": _made(account, whole, config),
        "What became of the pairs": table(("step", "pairs"), _steps(whole)),
        "Splits": table(("split", "pairs"), ((split, whole.counts[split]) for split in SPLITS)),
        "Sources": _sources(whole, documents),
        "Fields": table(("field", "meaning"), _fields(account)),
        "Licence": _LICENCE,
        "Known limits": _LIMITS,
        "Files beside": _FILES,
    }
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())
    count = f"{whole.counts['kept']:,} pairs of a question and its reference answer, made by PocketMoE."
    return (
        f"{_front(whole, documents, config)}\n# Questions and answers from documents\n\n{count}\n\n{body}\n"
    )


def _fields(account: Account) -> Iterator[tuple[str, str]]:
    """Yield the fields of the rows; some are not written where no row has any."""
    examples = [one.example for one in account.candidates]
    checked, recalled = any(one.checks for one in examples), any(one.key_fact for one in examples)
    written = {"checks": checked, "key_fact": recalled}
    yield from ((name, meaning) for name, meaning in FIELDS.items() if written.get(name, True))


def _front(whole: Tally, documents: Sequence[DocumentCoverage], config: GenerateConfig) -> str:
    """Return the front matter, with the split files, so that `load_dataset` finds them."""
    from huggingface_hub import DatasetCardData

    language = config.judging.language
    files = [{"split": split, "path": f"{split}.jsonl"} for split in DRAWN]
    configs = [{"config_name": "default", "data_files": files}]
    if whole.counts[RECALL]:
        # Its rows have a field more, and all splits of a configuration have the same.
        recalled = [{"split": RECALL, "path": f"{RECALL}.jsonl"}]
        configs.append({"config_name": RECALL, "data_files": recalled})
    data = DatasetCardData(
        pretty_name=plain(f"Questions and answers on {_few([part.document for part in documents])}"),
        language=[language] if language else None,
        license="unknown",
        task_categories=["question-answering", "text-generation"],
        size_categories=[next((name for most, name in _SIZES if whole.counts["kept"] < most), "n>1M")],
        tags=["pocketmoe", "synthetic"],
        configs=configs,
    )
    return f"---\n{data.to_yaml()}\n---\n"


def _made(account: Account, whole: Tally, config: GenerateConfig) -> str:
    counts, teacher = whole.counts, config.teacher
    passages = len({draft.ask.passage for draft in account.drafted.drafts})
    asked = f"{counts['asked']:,} pairs on {passages:,} passages, {_MODES[teacher.mode]}"
    text = (
        f"The teacher {escaped(teacher.name)} (of kind {teacher.kind}) was asked for {asked}.\n"
        "Each pair was then checked against its own passage and against all others, and training pairs\n"
        "that resemble held-out ones were dropped."
    )
    if stopped := account.drafted.stopped_by:
        limit = f"Asking ended early, at its limit of {escaped(stopped)}"
        text += f"\n{limit}: {counts['not_asked']:,} planned pairs were not asked for."
    return f"{text}\n\n{code(_settings(config))}"


def _steps(whole: Tally) -> Iterator[tuple[str, int]]:
    counts = whole.counts
    yield from ((_said(name), counts[name]) for name in _STEPS if counts[name] or name in _ALWAYS)
    yield from ((_said(name), counts[name]) for name in ("examples", "restored") if counts[name])
    for reason, count in sorted(whole.rejected.items(), key=lambda item: (-item[1], item[0])):
        yield f"rejected: {_said(reason)}", count
    yield "kept", counts["kept"]


def _sources(whole: Tally, documents: Sequence[DocumentCoverage]) -> str:
    headers = ("document", "SHA-256", "pages", "pages with pairs", "pairs")
    rows = [
        (part.document, part.digest, part.pages, part.states.get("kept", 0), part.kept) for part in documents
    ]
    ready = whole.counts["examples"]
    parts = [table(headers, rows)] if rows else []
    return "\n\n".join([*parts, f"{ready:,} rows came from a ready-made data set."] if ready else parts)


def _settings(config: GenerateConfig) -> dict[str, object]:
    values = config.model_dump(mode="json", exclude=_LEFT_OUT)
    teacher = config.teacher.model_dump(mode="json")
    judging = config.judging.model_dump(mode="json")
    judge = {name: judging["judge"][name] for name in _JUDGE if name in judging["judge"]}
    named = {name: teacher[name] for name in _TEACHER if name in teacher}
    return {
        "teacher": {"name": config.teacher.name, **named},
        **values,
        "judging": {**judging, "judge": judge},
    }


def _said(name: str) -> str:
    return name.replace("_", " ")


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED]) or "a ready-made data set"
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"


_SPECIAL = re.compile(r"([\\`*_\[\]#!|<>~&$])")
_SHORTEST_FENCE = 3


def plain(text: str) -> str:
    """Return text on one line, without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def escaped(text: str) -> str:
    """Return text on one line that Markdown shows as it is, where it does not begin a line."""
    return _SPECIAL.sub(r"\\\1", plain(text))


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a GitHub table; numbers get thousands, everything else is escaped."""
    lines = [headers, ["---"] * len(headers), *(list(map(_cell, row)) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def code(value: Mapping[str, object]) -> str:
    """Return JSON in a block whose fence is longer than any run of backticks in it."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(_SHORTEST_FENCE, longest + 1)
    return f"{fence}json\n{text}\n{fence}"


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else escaped(str(value))
