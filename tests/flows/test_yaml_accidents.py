"""YAML that means something else than it says is told with file and line; everything else is read."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.config import Config, load_config
from flows.yaml_values import parse
from tasks.kernel.errors import ConfigError
from tasks.records.files import write_json

BASE = "name: test\ndomains:\n  anxiety:\n    documents: somewhere\n"
DATASET = "    dataset: {{path: x, question: q, answer: a, {}}}\n"
QUOTES = "put it in quotes"


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "a.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refused(folder: Path, content: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config([write(folder, content)])
    return str(caught.value)


def read(folder: Path, content: str | bytes) -> Config:
    return load_config([write(folder, content)])


@pytest.mark.parametrize(
    ("text", "first", "second", "name"),
    [
        (BASE + "  anxiety: {documents: elsewhere}\n", 3, 5, "anxiety"),
        (
            "name: a\nfinetune: {rank: 1}\n" + BASE.partition("\n")[2] + "finetune: {seed: 1}\n",
            2,
            6,
            "finetune",
        ),
        (BASE + "    documents: elsewhere\n", 4, 5, "documents"),
        (BASE + "generate: {seed: 1, 'seed': 2}\n", 5, 5, "seed"),
        (BASE + DATASET.format("label_names: {l: {1: x,\n      '1': y}}"), 5, 6, "1"),
    ],
)
def test_a_name_that_comes_twice_is_refused_with_both_lines(
    tmp_path: Path, text: str, first: int, second: int, name: str
) -> None:
    said = refused(tmp_path, text)
    assert f"a.yaml:{second}: `{name}` stands here again, first on line {first};" in said


@pytest.mark.parametrize(
    "word", ["no", "yes", "off", "NULL", "~", "1.10", "1.0e+3", "2024", "0o1x: {}\n  on"]
)
def test_a_domain_whose_name_is_no_text_is_told_to_be_quoted(tmp_path: Path, word: str) -> None:
    said = refused(tmp_path, f"name: test\ndomains:\n  {word}: {{documents: x}}\n")
    assert QUOTES in said
    assert re.search(r"a\.yaml:[34]: ", said)


@pytest.mark.parametrize("value", ["no", "On", "2024", "1.5"])
@pytest.mark.parametrize(
    "field",
    [
        "name: {}",
        "benchmarks: {{x: {}}}",
        "generate: {{personas: [a, {}]}}",
        "base_model: {{source: hub, repo: {}}}",
    ],
)
def test_a_text_that_is_read_as_something_else_is_told_to_be_quoted(
    tmp_path: Path, value: str, field: str
) -> None:
    base = BASE.partition("\n")[2] if field.startswith("name") else BASE
    said = refused(tmp_path, base + field.format(value) + "\n")
    assert f"`{value}` is read as" in said
    assert QUOTES in said
    assert re.search(r"a\.yaml:[45]: ", said)


@pytest.mark.parametrize(
    "inner",
    ["splits: {yes: train, no: test}", "label_names: {l: {no: It is not}}", "label_names: {l: {0: no}}"],
)
def test_the_words_of_a_data_set_are_told_to_be_quoted(tmp_path: Path, inner: str) -> None:
    said = refused(tmp_path, BASE + DATASET.format(inner))
    assert QUOTES in said
    assert "a.yaml:5: " in said


def test_labels_may_be_whole_numbers(tmp_path: Path) -> None:
    dataset = (
        read(tmp_path, BASE + DATASET.format("label_names: {l: {-1: bad, 0: 7}}")).domains["anxiety"].dataset
    )
    assert dataset is not None
    assert dataset.label_names == {"l": {"-1": "bad", "0": "7"}}


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("010000", "write 10000"),
        ("0_17", "write 17"),
        ("-007", "write 7"),
        ("3:20", "to base 60"),
        ("1:30.5", "to base 60"),
    ],
)
def test_numbers_that_are_read_to_another_base_are_refused(tmp_path: Path, value: str, advice: str) -> None:
    said = refused(tmp_path, f"{BASE}finetune: {{token_budget: {value}}}\n")
    assert said.startswith(f"{tmp_path}/a.yaml:5: `{value}` would be read as")
    assert advice in said


def test_numbers_as_people_write_them_are_read(tmp_path: Path) -> None:
    finetune = read(
        tmp_path, BASE + "finetune: {learning_rate: 1e-3, token_budget: 4_000, seed: 08}\n"
    ).finetune
    assert (finetune.learning_rate, finetune.token_budget, finetune.seed) == (0.001, 4000, 8)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name: a\ndomains: &d\n  x: *d\n", 2, "holds itself"),
        ("name: a\ndomains: &d {x: [1, {y: *d}]}\n", 2, "holds itself"),
        ("a: " + "[" * 3000, 1, "within each other"),
        ("- " * 3000 + "a", 1, "within each other"),
        (
            "".join(
                f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]\n"
                for before, one in zip("abcdef", "bcdefg", strict=True)
            ).replace("*a", "x"),
            1,
            "more than 100,000 values",
        ),
        ("name: a\ndomains:\n\tx: {}\n", 3, "indent with spaces"),
        ("name: a\n---\nname: b\n", 2, "single document"),
        ("name: caf\xe9\n".encode("latin-1"), 1, "save it as UTF-8"),
        ("a: 1\nb: \x00\n", 2, "control character"),
        ("a: !!python/name:os.system x\n", 1, "is not known here"),
        ("a: !!set {x}\n", 1, "is not known here"),
        ("? [a]\n: b\n", 1, "no name of a field"),
        ("a: 1\nb: {<<: 3}\n", 2, "give it one"),
        ('a: "\\ud800"\n', 1, "half a character"),
        ("a: .nan\n", 1, "no number to compute with"),
        (f"a: {'9' * 5000}\n", 1, "cannot be read as int"),
        (BASE + "finetune: {learning_rate: 0,001}\n", 5, "a decimal point, not a comma"),
        (BASE + "finetune:\n", 5, "nothing stands here"),
        ("name: a\ndomains:\n  x:\n", 3, "nothing stands here"),
        (BASE + "generate: {teacher: {kind: on}}\n", 5, QUOTES),
        ("name: a\ndomains: {x: {documents: $HOME/library}}\n", 2, "write the path out"),
        ("name: a\ndomains: {x: {documents: ~nobody-here/library}}\n", 2, "write the path out"),
        (BASE + "    finetune:\n      num_epochs: 0\n", 6, "finetune.num_epochs: Input should be greater"),
    ],
)
def test_each_accident_is_told_with_its_line(
    tmp_path: Path, text: str | bytes, line: int, words: str
) -> None:
    said = refused(tmp_path, text)
    assert said.startswith(f"{tmp_path}/a.yaml:{line}: "), said
    assert words in said


@pytest.mark.parametrize("text", ["", "# nothing\n", "a\n", "- a\n", 'a: "\\U00110000"\n'])
def test_what_is_no_configuration_is_told_by_its_file(tmp_path: Path, text: str) -> None:
    assert str(tmp_path / "a.yaml") in refused(tmp_path, text)


def test_a_folder_and_a_closed_file_are_no_tracebacks(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config([tmp_path])
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config([write(tmp_path, BASE) / "b.yaml"])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_marks_and_line_ends_of_other_systems_are_read(tmp_path: Path, encoding: str, ending: str) -> None:
    assert list(read(tmp_path, BASE.replace("\n", ending).encode(encoding)).domains) == ["anxiety"]


def test_what_a_mapping_takes_over_loses_to_what_stands_in_it(tmp_path: Path) -> None:
    text = "name: a\ngenerate: &c {seed: 1, min_pairs: 90}\n"
    text += "domains: {x: {documents: y, generate: {<<: *c, seed: 2}}}\n"
    config = read(tmp_path, text)
    assert (config.generate_of("x").seed, config.generate_of("x").min_pairs) == (2, 90)


def test_halves_of_a_character_as_json_writes_them_are_one(tmp_path: Path) -> None:
    text = 'name: a\ndomains: {x: {documents: y, description: "\\ud83d\\ude00"}}\n'
    assert read(tmp_path, text).domains["x"].description == "\N{GRINNING FACE}"


def test_a_runs_copy_of_its_configuration_holds_every_text(tmp_path: Path) -> None:
    description = "one\u2028two\x85three\x7f \N{GRINNING FACE} größe \ufeff"
    domain = {"documents": "y", "description": description}
    config = Config.model_validate({"name": "a", "domains": {"x": domain}})
    copy = tmp_path / "config.json"
    write_json(copy, config.model_dump(mode="json"))
    assert load_config([copy]) == config


def test_the_home_folder_is_written_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    config = read(tmp_path, "name: a\ndomains: {x: {documents: ~/library}}\n")
    assert config.domains["x"].documents == Path("/somewhere/library")


@pytest.mark.parametrize(
    "name", ["größe", "数学", "Lathe", "a--b", "-a", "a_b", "x²", "a b", "a/b", "a" * 61, "généralités"]
)
def test_a_domain_whose_name_cannot_stand_in_an_address_is_refused_by_field(
    tmp_path: Path, name: str
) -> None:
    said = refused(tmp_path, f"name: test\ndomains:\n  {name}: {{documents: x}}\n")
    assert said.startswith(f"{tmp_path}/a.yaml:3: domains.{name}: a domain's name stands in addresses")
    assert "\n" not in said


PIECES = st.sampled_from(
    [
        *":-?,[]{}#&*!|>'\"%@`\\\n\t ~<=",
        "\n  ",
        ": ",
        "- ",
        "<<: ",
        "*a",
        "&a ",
        "!!int ",
        "no",
        "010",
        "3:20",
        "1e3",
        "é",
        "\ud800",
        "\x85",
        "\u2028",
        "\ufeff",
        "a",
        "b: ",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
@pytest.mark.slow
@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    with suppress(ConfigError):
        parse(text, Path("a.yaml"))
