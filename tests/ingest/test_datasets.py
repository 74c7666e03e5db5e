"""Pins that ready-made data sets in every format become examples by their mapping alone."""

import gzip
import json
from pathlib import Path

import pytest

from tasks.ingest.config import DatasetMapping, IngestConfig
from tasks.ingest.datasets.examples import map_rows
from tasks.ingest.datasets.hub import hub_rows
from tasks.ingest.datasets.rows import Rows, read_local
from tasks.ingest.run import run
from tasks.kernel.errors import DocumentError
from tasks.kernel.workspace import Workspace, silent
from tasks.records.dataset import Example
from tasks.records.files import read_records

ROWS = [{"q": "One, or two?", "a": "Two", "n": 1}, {"q": "Why?", "a": 'She said "so"', "n": 2}]


def examples(source: Path, **mapping: object) -> list[Example]:
    chosen = DatasetMapping.model_validate({"question": "q", "answer": "a", **mapping})
    return list(map_rows(read_local(source, chosen), chosen).examples.values())


def pairs(source: Path, **mapping: object) -> list[tuple[str, str]]:
    return [(example.question, example.answer) for example in examples(source, **mapping)]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def json_lines(path: Path, *rows: object) -> Path:
    return written(path, "".join(json.dumps(row) + "\n" for row in rows))


def parquet(path: Path) -> Path:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    write_table(pa.Table.from_pylist(ROWS), path)
    return path


def test_all_formats_give_the_same_examples(tmp_path: Path) -> None:
    table = 'q,a,n\n"One, or two?",Two,1\nWhy?,"She said ""so""",2\n'
    (tmp_path / "e.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, ROWS)).encode()))
    sources = [
        json_lines(tmp_path / "a.jsonl", *ROWS),
        written(tmp_path / "b.json", json.dumps(ROWS)),
        written(tmp_path / "c.json", json.dumps({"data": ROWS, "version": 2})),
        written(tmp_path / "d.json", json.dumps({"17": ROWS[0], "18": ROWS[1]})),
        tmp_path / "e.jsonl.gz",
        written(tmp_path / "f.csv", "\ufeff" + table),
        written(tmp_path / "g.tsv", 'q\ta\tn\nOne, or two?\tTwo\t1\nWhy?\tShe said "so"\t2\n'),
        parquet(tmp_path / "h.parquet"),
    ]
    expected = [("One, or two?", "Two"), ("Why?", 'She said "so"')]
    assert [pairs(source) for source in sources] == [expected] * len(sources)


def test_instruction_with_an_optional_input(tmp_path: Path) -> None:
    rows = ({"i": "Sort.", "x": "[2, 1]", "o": "[1, 2]"}, {"i": "Greet.", "x": "", "o": "Hi"})
    mapping = {"question": "{i}\n\n{x}\n\nAnswer briefly.", "answer": "o"}
    assert pairs(json_lines(tmp_path / "a.jsonl", *rows), **mapping) == [
        ("Sort.\n\n[2, 1]\n\nAnswer briefly.", "[1, 2]"),
        ("Greet.\n\nAnswer briefly.", "Hi"),
    ]


def test_headerless_verses_with_named_labels_and_a_file_for_each_split(tmp_path: Path) -> None:
    written(tmp_path / "train.tsv", '0\t"o bring the rain\t-1\n1\tgo, "lovely" rose\t1\n')
    written(tmp_path / "dev.tsv", "0\tdark is the night\t-1\n")
    written(tmp_path / "SOURCE.txt", "not data")
    found = examples(
        tmp_path,
        columns=["id", "verse", "label"],
        question="Write a {label} verse.",
        answer="verse",
        label_names={"label": {-1: "sad", 1: "glad"}},
        splits={"train": "train", "dev": "validation"},
    )
    assert [(example.question, example.answer, example.split) for example in found] == [
        ("Write a sad verse.", "dark is the night", "validation"),
        ("Write a sad verse.", '"o bring the rain', "train"),
        ("Write a glad verse.", 'go, "lovely" rose', "train"),
    ]


def test_nested_contexts_are_joined(tmp_path: Path) -> None:
    row = {"context": {"contexts": ["First.", "Second."]}, "q": "So?", "d": "yes", "long": "It does."}
    mapping = {"question": "{context.contexts}\n{q}", "answer": "{d}. {long}"}
    assert pairs(json_lines(tmp_path / "a.jsonl", row), **mapping) == [
        ("First.\nSecond.\nSo?", "yes. It does.")
    ]


def test_the_best_answer_in_plain_text(tmp_path: Path) -> None:
    answers = [{"body": "<p>Yes.</p>", "score": 1}, {"body": "<p>No &amp; <b>never</b>.</p>", "score": 7}]
    source = json_lines(
        tmp_path / "a.jsonl", {"q": "May I?", "answers": answers}, {"q": "And I?", "answers": []}
    )
    assert pairs(source, answer="answers.body", best={"answers": "score"}, html=True) == [
        ("May I?", "No & never.")
    ]


def test_code_keeps_its_indent_and_its_blank_lines(tmp_path: Path) -> None:
    row = {
        "text": "Add.",
        "code": "    a = 1\r\n\r\n\r\n    return a\r\n",
        "tests": ["assert f() == 1", "assert f()"],
    }
    source = json_lines(tmp_path / "a.jsonl", row)
    assert pairs(source, question="{text}\n{tests}", answer="code") == [
        ("Add.\nassert f() == 1\nassert f()", "    a = 1\n\n\n    return a")
    ]


def test_a_split_column_fixes_splits_and_leaves_others_out(tmp_path: Path) -> None:
    rows = [{"q": part, "a": "x", "part": part} for part in ("train", "test", "prompt")]
    found = examples(
        json_lines(tmp_path / "a.jsonl", *rows),
        split_column="part",
        splits={"train": "train", "test": "test"},
    )
    assert [(example.question, example.split) for example in found] == [("train", "train"), ("test", "test")]


def test_without_splits_none_is_fixed(tmp_path: Path) -> None:
    assert {example.split for example in examples(json_lines(tmp_path / "train.jsonl", *ROWS))} == {None}


def test_max_rows_counts_each_split(tmp_path: Path) -> None:
    for name in ("train", "test"):
        json_lines(tmp_path / f"{name}.jsonl", *({"q": f"{name} {number}", "a": "x"} for number in range(5)))
    found = examples(tmp_path, splits={"train": "train", "test": "test"}, max_rows=2)
    assert [example.question for example in found] == ["test 0", "test 1", "train 0", "train 1"]


def test_ids_do_not_depend_on_order_and_repeated_rows_go(tmp_path: Path) -> None:
    forward = examples(json_lines(tmp_path / "a.jsonl", *ROWS, ROWS[0]))
    backward = examples(json_lines(tmp_path / "b.jsonl", *reversed(ROWS)))
    assert [example.id for example in forward] == [example.id for example in reversed(backward)]


def test_hub_rows_show_class_labels_by_name() -> None:
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"v": Value("string"), "label": ClassLabel(names=["sad", "glad"])})
    table = Dataset.from_dict({"v": ["a", "b", "c"], "label": [1, 0, -1]}, features=features)
    rows = hub_rows("x/y[train]", "train", table)
    assert [row["label"] for _, row in rows.rows] == ["glad", "sad", None]


def test_the_corpus_counts_what_was_left_out(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "a.jsonl", *ROWS, ROWS[0], {"q": " ", "a": "x"})
    config = IngestConfig(dataset=DatasetMapping(question="q", answer="a"))
    metrics = run({"dataset": source}, config, Workspace(tmp_path, tmp_path, silent))
    counts = json.loads((tmp_path / "dataset.json").read_text(encoding="utf-8"))
    assert (
        metrics["examples"]
        == len(read_records(tmp_path / "examples.jsonl", Example))
        == counts["examples"]
        == 2
    )
    assert (counts["rows"], counts["repeated"], counts["empty"]) == (4, 1, 1)
    assert (tmp_path / "passages.jsonl").read_bytes() == b""


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.jsonl", '{"q": "x", "a": "y"}\n{"q": \n', r"a.jsonl:2: not JSON"),
        ("a.jsonl", '{"q": "x", "a": "y"}\n[1]\n', r"a.jsonl:2: not a JSON object"),
        ("a.json", '[\n{"q": "x"\n', r"a.json:3: not JSON"),
        ("a.json", '{"a": 1}', r"a.json: no list of rows"),
        ("a.csv", "q,a\nx,y\nx,y,z\n", r"a.csv:3: 3 fields, but 2 columns \(q, a\)"),
        ("a.csv", 'q,a\n"x,y\n', r"a.csv:2: "),
        ("a.csv", "question,a\nx,y\n", r"a.csv:2: no column `q`; available: a, question"),
        (
            "a.jsonl",
            '{"q": "x", "a": "y"}\n{"q": "x", "b": "y"}\n',
            r"a.jsonl:2: no column `a`; available: b, q",
        ),
        ("a.jsonl", '{"q": "", "a": "y"}\n', r"a.jsonl: no usable row \(rows 1, empty 1"),
        ("a.txt", "x", r"a.txt: not a data set"),
        ("a.parquet", "x", r"a.parquet: not a Parquet file"),
        ("a.csv.gz", "x", r"a.csv.gz:1: cannot be read"),
    ],
)
def test_bad_files_are_refused_with_their_place(tmp_path: Path, name: str, text: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        examples(written(tmp_path / name, text))


def test_a_missing_file_a_folder_without_data_and_another_encoding(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"none\.csv: no such file"):
        examples(tmp_path / "none.csv")
    with pytest.raises(DocumentError, match="no data file; put"):
        examples(tmp_path)
    (tmp_path / "latin.csv").write_bytes("q,a\nx,y\nä,ö\n".encode("latin-1"))
    with pytest.raises(DocumentError, match=r"latin\.csv:3: `q` holds bytes that are no character"):
        examples(tmp_path / "latin.csv")


def test_a_label_without_a_name_is_refused() -> None:
    mapping = DatasetMapping(question="q", answer="a", label_names={"q": {"1": "one"}})
    with pytest.raises(DocumentError, match="q '2' has no name; add it to `label_names`"):
        map_rows([Rows("x.csv", "x", "line", ((2, {"q": 2, "a": "y"}),))], mapping)
