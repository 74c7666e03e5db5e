"""Pins that nothing is asked whose text another domain trains on, and clean domains are asked as ever."""

from pathlib import Path

import pytest

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.questions import read_questions
from tasks.evaluate.measuring.trained_elsewhere import trained_elsewhere
from tasks.evaluate.run import run
from tasks.kernel.errors import DataError
from tasks.kernel.workspace import Inputs, Workspace
from tasks.records.corpus import Passage
from tasks.records.dataset import Example
from tasks.records.evaluation import read_answers, read_evaluation
from tasks.records.files import append_records, write_records

SENTENCES = [f"The {word} valley lies below a long ridge of old stones." for word in "abcdefgh"]


def passage(domain: str, number: int, text: str) -> Passage:
    return Passage(id=f"{domain}-{number}", document="a.pdf", document_digest=domain, pages=(1, 1), text=text)


def pair(domain: str, number: int, question: str, *, grounded: bool = True) -> Example:
    return Example(
        id=f"{domain}:{number}",
        question=question,
        answer="It lies there.",
        passage=f"{domain}-{number}" if grounded else "",
        teacher="scripted",
    )


def domain(root: Path, name: str, texts: list[str], test: set[int]) -> tuple[Path, Path]:
    """Write a corpus, and a pair about each of its passages."""
    corpus, qa = root / "corpus" / name, root / "qa" / name
    for folder in (corpus, qa):
        folder.mkdir(parents=True)
    write_records(corpus / "passages.jsonl", [passage(name, at, text) for at, text in enumerate(texts)])
    pairs = [pair(name, at, f"What of {name} {at}?") for at in range(len(texts))]
    write_records(qa / "test.jsonl", [one for at, one in enumerate(pairs) if at in test])
    write_records(qa / "train.jsonl", [one for at, one in enumerate(pairs) if at not in test])
    return qa, corpus


def known(
    root: Path, one: tuple[list[str], set[int]], other: tuple[list[str], set[int]]
) -> dict[tuple[str, str], str]:
    """Return what is known elsewhere of two domains of such passages and held-out ones."""
    made = {name: domain(root, name, *given) for name, given in (("one", one), ("two", other))}
    datasets = {name: qa for name, (qa, _) in made.items()}
    return dict(trained_elsewhere(datasets, {name: corpus for name, (_, corpus) in made.items()}))


def test_a_question_of_recall_on_a_text_that_another_domain_trains_on_is_known(tmp_path: Path) -> None:
    made = {name: domain(tmp_path, name, SENTENCES[:3], {0}) for name in ("one", "two")}
    datasets = {name: qa for name, (qa, _) in made.items()}
    write_records(datasets["one"] / "recall.jsonl", [pair("one", 2, "Where does it lie?")])
    found = trained_elsewhere(datasets, {name: corpus for name, (_, corpus) in made.items()})
    assert found["one", "one:2"] == "two"


def test_a_near_copy_that_another_domain_trains_on_is_known(tmp_path: Path) -> None:
    texts = [" ".join(SENTENCES[at : at + 2]) for at in range(0, 8, 2)]
    other = [text.replace(" ", "\u00a0", 2).replace("lies", "lies\u200b") for text in texts]
    found = known(tmp_path, (texts, {0}), (other, {3}))
    assert found == {("one", "one:0"): "two", ("two", "two:3"): "one"}


def test_passages_that_are_cut_otherwise_are_known_by_their_sentences(tmp_path: Path) -> None:
    other = [" ".join(["Another beginning of this piece stands here.", *SENTENCES[1:3]]), SENTENCES[7]]
    found = known(tmp_path, ([SENTENCES[0], " ".join(SENTENCES[1:8])], {0}), (other, {0}))
    assert found == {("two", "two:0"): "one"}


def test_what_stands_on_one_side_in_both_or_shares_little_is_asked(tmp_path: Path) -> None:
    texts = [" ".join(SENTENCES[at : at + 2]) for at in range(0, 8, 2)]
    assert known(tmp_path / "same", (texts, {0}), (texts, {0})) == {}
    little = [" ".join([SENTENCES[0], *(f"Here {word} stands for a text of its own." for word in "xyz")])]
    assert known(tmp_path / "little", ([SENTENCES[0]], set()), (little, {0})) == {}


def test_of_two_that_know_as_much_the_same_is_named_in_every_process(tmp_path: Path) -> None:
    halves = [
        (f"The {n} tide turns at a long stone pier.", f"The {n} boat waits by a wide harbour.")
        for n in range(20)
    ]
    made = {
        "asked": domain(tmp_path, "asked", [" ".join(half) for half in halves], set(range(20))),
        "first": domain(tmp_path, "first", [one for one, _ in halves], set()),
        "second": domain(tmp_path, "second", [other for _, other in halves], set()),
    }
    corpora = {name: corpus for name, (_, corpus) in made.items()}
    found = trained_elsewhere({name: qa for name, (qa, _) in made.items()}, corpora)
    # Python draws the order of a set anew in each process.
    assert found == {("asked", f"asked:{at}"): "first" for at in range(20)}


def test_the_same_pair_of_two_data_sets_is_known(tmp_path: Path) -> None:
    datasets = {}
    for name, split, question in (
        ("one", "train", "Which tool\u00a0TURNS?"),
        ("two", "test", "Which tool turns?"),
    ):
        (tmp_path / name).mkdir()
        write_records(tmp_path / name / f"{split}.jsonl", [pair(name, 1, question, grounded=False)])
        datasets[name] = tmp_path / name
    assert trained_elsewhere(datasets, {}) == {("two", "two:1"): "one"}
    assert trained_elsewhere({"two": datasets["two"]}, {}) == {}


def test_a_domain_that_others_know_whole_is_refused_by_name(tmp_path: Path) -> None:
    qa, _ = domain(tmp_path, "two", SENTENCES[:2], {0, 1})
    both = {("two", f"two:{at}"): "one" for at in range(2)}
    with pytest.raises(
        DataError, match="one train on the text of each of the 2 held-out questions of domain two"
    ):
        read_questions({"two": qa}, None, 42, lambda _question: True, both)


@pytest.mark.models
def test_what_is_left_out_is_counted_and_named_in_the_report(
    inputs: Inputs, workspace: Workspace, tmp_path: Path
) -> None:
    for name, split in (("alpha", "test"), ("beta", "train")):
        corpus = tmp_path / "corpus" / name
        corpus.mkdir(parents=True)
        write_records(corpus / "passages.jsonl", [passage(name, 7, SENTENCES[0])])
        append_records(inputs[f"qa/{name}"] / f"{split}.jsonl", [pair(name, 7, f"What of {name}?")])
    corpora = {f"corpus/{name}": tmp_path / "corpus" / name for name in ("alpha", "beta")}
    run(
        {**inputs, **corpora},
        EvaluateConfig(max_new_tokens=6, latency_prompts=1, bootstrap_samples=200),
        workspace,
    )
    report = read_evaluation(workspace.out)
    assert report.domains["alpha"].questions == 3
    assert report.warnings[0] == (
        "alpha: left out 1 held-out question (alpha:7) whose text beta trains on; give the document that both"
        " have to one of them"
    )
    assert "alpha:7" not in {answer.id for answer in read_answers(workspace.out)}
