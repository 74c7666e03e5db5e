"""Pins reading of replies: every returned pair is a candidate, whatever its shape; text is never run."""

import json
from pathlib import Path

import pytest
from generate_corpus import passages

from tasks.generate.pairs import Ask, Draft, Reply
from tasks.generate.teacher_config import ScriptedTeacher
from tasks.generate.teachers.parsing import Pair, ParsingResult, parse_drafts, read_pairs

ONE = Pair("What is A?", "It is b.")
TWO = Pair("What is C?", "It is d.")
CLEAN = '[{"question": "What is A?", "answer": "It is b."}, {"question": "What is C?", "answer": "It is d."}]'
PASSAGES = {passage.id: passage for passage in passages(2)}


def parsed(*replies: str, answer: str = "") -> ParsingResult:
    asks = [Ask(passage=name, answer=answer, text="" if answer else "Text.", count=2) for name in PASSAGES]
    drafts = [Draft(ask=asks[at % len(asks)], reply=Reply(text=reply)) for at, reply in enumerate(replies)]
    return parse_drafts(drafts, PASSAGES, ScriptedTeacher())


@pytest.mark.parametrize(
    "reply",
    [
        CLEAN,
        f"```json\n{CLEAN}\n```",
        f"<think>Two [pairs] {{then}}.</think>\n{CLEAN}",
        json.dumps({"pairs": json.loads(CLEAN)}, indent=2),
        '{"Question 1": "What is A?", "Answer 1": "It is b.", "Q2": "What is C?", "A2": "It is d."}',
        '{"What is A?": "It is b.", "What is C?": ["It is d."]}',
        '[{"answer": "It is b.", "q": "What is A?"}, {"a": "It is  d.", "Q": " What is\\nC?"}]',
    ],
)
def test_clean_json_needs_no_mending(reply: str) -> None:
    assert read_pairs(reply) == ([ONE, TWO], False)


@pytest.mark.parametrize(
    "reply",
    [
        f"Here are [two] pairs:\n{CLEAN}\nI hope this helps {{or not}}!",
        CLEAN[:-1],
        CLEAN[:-2] + ', {"question": "What is E?"',
        CLEAN.replace("}, {", "}\n{").strip("[]"),
        CLEAN.replace('"', "'"),
        CLEAN.replace('"question"', "question").replace('", "answer"', '" "answer"'),
        "1. Question: What is A?\n   Answer: It is b.\n\n2. Question: What is C?\n   Answer: It is d.",
        "**Q1:** What is A?\n**A1:** It is b.\n**Q2:** What is C?\n**A2:** It is d.",
    ],
)
def test_anything_else_is_mended_and_says_so(reply: str) -> None:
    assert read_pairs(reply) == ([ONE, TWO], True)


def test_one_broken_pair_spoils_no_other() -> None:
    reply = f'[{{"question": "What is "X"?, "answer" "no}}, {CLEAN[1:]}'
    assert read_pairs(reply)[0][-2:] == [ONE, TWO]


def test_a_pair_that_the_end_cut_off_is_a_candidate_with_a_reason() -> None:
    found = parsed(CLEAN[:-6])
    assert [candidate.reason for candidate in found.candidates] == ["", "cut_off"]
    assert found.candidates[1].example.answer == "It is"
    assert (found.returned, found.parsed, found.repaired) == (1, 1, 1)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot do that.",
        "[]",
        "null",
        '[{"question": "What is A?"}]',
        '[{"question": "", "answer": "b"}]',
        '["What is A?", "It is b."]',
        "[" * 50_000,
        '{"a":' * 5_000,
        '{"question": [[' * 500,
        '"' * 10_000,
    ],
)
def test_replies_without_a_pair_are_counted_and_harm_nothing(reply: str) -> None:
    found = parsed(reply)
    assert (found.candidates, found.returned, found.parsed, found.repaired) == ([], bool(reply), 0, 0)


def test_a_reply_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"__import__('pathlib').Path({str(mark)!r}).touch()"
    read_pairs(f"[{{'question': {code}, 'answer': {code}}}]")
    read_pairs(code)
    assert not mark.exists()


def test_halves_of_characters_are_replaced_because_no_file_holds_them() -> None:
    found = parsed('[{"question": "What is \\ud800?", "answer": "caf\\u00e9"}]')
    assert found.candidates[0].example.question == "What is ??"
    assert found.candidates[0].example.answer == "café"
    assert found.candidates[0].model_dump_json()


def test_pairs_carry_passage_document_pages_type_and_a_name_of_their_own() -> None:
    found = parsed(CLEAN, CLEAN, '[{"question": "Why E?", "answer": "f", "type": "Follow-up"}]')
    names = [candidate.example.id for candidate in found.candidates]
    assert len(set(names)) == 5
    for candidate in found.candidates:
        passage = PASSAGES[candidate.example.passage]
        assert candidate.example.pages == passage.pages
        assert candidate.example.document == passage.document
        assert candidate.example.id.startswith(passage.id)
    assert found.candidates[-1].example.question_type == "follow_up"
    assert found.candidates[0].example.question_type is None


@pytest.mark.parametrize(
    "reply",
    [
        "What shapes a valley?",
        "Question: What shapes a valley?",
        'Sure! Here is one:\n\n1. **"What shapes a valley?"**',
        "<think>What? Hm.</think>\n\n- What shapes a valley? It asks for the subject.",
    ],
)
def test_a_question_to_a_statement_is_found_among_chatter(reply: str) -> None:
    found = parsed(reply, answer="A glacier shapes every valley.")
    assert [candidate.example.question for candidate in found.candidates] == ["What shapes a valley?"]
    assert found.candidates[0].example.answer == "A glacier shapes every valley."
    assert (found.parsed, found.repaired) == (1, 0)
