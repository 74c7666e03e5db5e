"""Pins which questions cannot be understood without their passage."""

import pytest

from tasks.generate.judging.answerability import dangling


@pytest.mark.parametrize(
    ("question", "pointer"),
    [
        ("What does the passage say about sleep?", "the passage"),
        ("What does the given text recommend for sleep?", "the given text"),
        ("What did the author recommend?", "the author"),
        ("Which risks are mentioned above?", "mentioned above"),
        ("What is this condition called?", "this"),
        ("How are those treated?", "those"),
        ("How does it affect sleep?", "it"),
        ("What does she recommend?", "she"),
        ("Why do they repeat rituals?", "they"),
        ("What are the symptoms of the disorder?", "the disorder"),
        ("How long did the study last?", "the study"),
        ("Which of the above is a symptom of panic?", "the above"),
    ],
)
def test_a_pointer_without_what_it_points_at_is_named(question: str, pointer: str) -> None:
    assert dangling(question) == pointer


@pytest.mark.parametrize(
    "question",
    [
        "Why do people with OCD repeat their rituals?",
        "Why is it important to sleep?",
        "How long does it take to recover from panic?",
        "What is it like to live with depression?",
        "How is OCD treated when the disorder begins early?",
        "What helps those who cannot sleep?",
        "What is the treatment of choice in panic disorder?",
        "What is the treatment plan for panic disorder?",
        "Who was the author of Moby Dick?",
        "What are the symptoms of depression?",
        "Which section of the brain raises the alarm?",
    ],
)
def test_a_question_that_names_what_it_means_stands_alone(question: str) -> None:
    assert dangling(question) == ""
