"""Pins where sentences end, and that splitting loses no text."""

import pytest

from tasks.text.sentences import LONGEST_SENTENCE, paragraph_sentences


@pytest.mark.parametrize(
    "parts",
    [
        ["It rains.", "It pours!", "Does it stop?", "No."],
        ["Dr. Smith met Mrs. Jones at St. Mary's.", "They talked."],
        ["Take 2.5 mg, e.g. at night.", "Then rest."],
        ["See Fig. 3 and No. 7 of it.", "The answer is no.", "Next."],
        ["J. R. R. Tolkien wrote it.", "It sold."],
        ["Take vitamin C.", "Then rest."],
        ["The U.S. Department wrote it.", "It lies in the U.S.", "The rest is here."],
        ["“Go away!” he said.", "“Now.”", "She left (at last).", "3 others stayed."],
        ["Fruit, bread, etc. are sold.", "Fish, etc.", "Others sell more."],
        ["Élan vital.", "Ärzte helfen."],
        ["visit www.nimh.nih.gov/raise.", "Call 911."],
    ],
)
def test_boundaries(parts: list[str]) -> None:
    assert paragraph_sentences(" ".join(parts)) == parts


def test_text_without_an_end_is_cut_between_words() -> None:
    words = [f"w{number}" for number in range(2 * LONGEST_SENTENCE + 5)]
    pieces = paragraph_sentences(" ".join(words))
    assert [len(piece.split()) for piece in pieces] == [LONGEST_SENTENCE, LONGEST_SENTENCE, 5]
    assert " ".join(pieces).split() == words


def test_no_text_has_no_sentences() -> None:
    assert paragraph_sentences("  ") == []
