"""Compare two pairs: do they ask and tell the same, or contradict each other?

In: pairs, each reduced once. Out: a verdict. Resemblance of words alone does not make two questions one:
those that differ in a number, a name or a negation ask different things.
"""

from dataclasses import dataclass
from functools import cached_property

from tasks.generate.judging.facts import names, numbers
from tasks.generate.judging.grounding import wordy
from tasks.generate.judging.polarity import Claim, claim, opposite
from tasks.generate.judging.question_form import verdict
from tasks.records.dataset import Example
from tasks.text.near import jaccard
from tasks.text.words import content, find_words, stem, word_set

SAME_SUBJECT = 0.5
"""Share of their content words from which on two questions with one answer are one question."""
MOST_UNSAID = 0.5
"""Share of the question's content that an answer may leave out and still stand alone."""
SAME_STATEMENT = 0.8
"""Share of their content words from which on two answers speak of the same."""
_WANTED = frozenset({"who", "where", "when", "why", "how"})
_CONDITIONS = frozenset({"if", "unless", "only", "except", "until"})
"""`applies only if` and `does not apply unless` are the same."""


@dataclass(frozen=True)
class Pair:
    """A pair, and what its question asks and its answer tells."""

    example: Example

    @cached_property
    def asked(self) -> frozenset[str]:
        """Return the content of the question."""
        return frozenset(content(self.example.question))

    @cached_property
    def told(self) -> frozenset[str]:
        """Return the content of the answer without its numbers."""
        return frozenset(wordy(self.example.answer))

    @cached_property
    def question_words(self) -> frozenset[str]:
        """Return the words of the question."""
        return word_set(self.example.question)

    @cached_property
    def answer_words(self) -> frozenset[str]:
        """Return the words of the answer."""
        return word_set(self.example.answer)

    @cached_property
    def verdict(self) -> str:
        """Return the yes or no that the answer begins with, or ""."""
        return verdict(self.example.answer)

    @cached_property
    def numbers(self) -> set[str]:
        """Return the numbers of the answer."""
        return numbers(self.example.answer)

    @cached_property
    def claim(self) -> Claim:
        """Return what the answer asserts and denies."""
        return claim(self.example.answer)

    @cached_property
    def stands_alone(self) -> bool:
        """Tell whether the answer says what it is about, so that it can be compared without its question."""
        return len(self.asked - self.told) <= MOST_UNSAID * len(self.asked)

    @cached_property
    def fixed(self) -> tuple[set[str], set[str], int]:
        """Return what makes a question another one: numbers, names, and how often it denies."""
        question = self.example.question
        return numbers(question), {name.lower() for name in names(question)}, len(claim(question).denied)

    @cached_property
    def answer_length(self) -> int:
        """Return the number of words of the answer."""
        return len(find_words(self.example.answer))


def same_question(one: Pair, other: Pair, threshold: float) -> bool:
    """Tell whether one question would do for both.

    Equal words always would. Of nearly equal ones (`threshold`), those with equal content do, and others
    where the answers are nearly equal too: `in men` and `in women` have different answers.
    """
    if one.question_words == other.question_words:
        return True
    if jaccard(one.question_words, other.question_words) < threshold or one.fixed != other.fixed:
        return False
    return one.asked == other.asked or _near_answers(one, other, threshold)


def same_answer(one: Pair, other: Pair, threshold: float) -> bool:
    """Tell whether both answers say the same to questions about the same.

    One sentence may answer several questions: those with less than half of their content in common stay.
    """
    if one.fixed != other.fixed or not _near_answers(one, other, threshold):
        return False
    return jaccard(one.asked, other.asked) >= SAME_SUBJECT


def conflict(one: Pair, other: Pair) -> str:
    """Return where two answers to one question, or two statements about the same, contradict, or ""."""
    wanted = _WANTED & one.question_words == _WANTED & other.question_words
    same = wanted and one.asked == other.asked and one.fixed == other.fixed
    alike_asked = one.fixed[0] == other.fixed[0] and one.fixed[2] == other.fixed[2]
    if not same and not (one.stands_alone and other.stands_alone and alike_asked):
        return ""
    if same and one.verdict and other.verdict and one.verdict != other.verdict:
        return "yes and no"
    swapped = opposite(one.claim, other.claim)
    ignored = frozenset(map(stem, swapped.split(" for "))) if swapped else frozenset()
    told, also = one.told - ignored, other.told - ignored
    alike = jaccard(told, also) >= (SAME_SUBJECT if same else SAME_STATEMENT) or told == also
    if not alike or not (same or told <= also or also <= told):
        return ""
    return _numbers_differ(one, other, only_one=not same) or _denial_differs(one, other) or swapped


def _near_answers(one: Pair, other: Pair, threshold: float) -> bool:
    return jaccard(one.answer_words, other.answer_words) >= threshold


def _numbers_differ(one: Pair, other: Pair, *, only_one: bool) -> str:
    """Return the numbers that differ; statements that differ in more than one speak of different cases."""
    here, there = one.numbers - other.numbers, other.numbers - one.numbers
    if not here or not there or (only_one and len(here) * len(there) > 1):
        return ""
    return f"{', '.join(sorted(here))} and {', '.join(sorted(there))}"


def _denial_differs(one: Pair, other: Pair) -> str:
    denied, also = frozenset().union(*one.claim.denied), frozenset().union(*other.claim.denied)
    if bool(denied) == bool(also) or _CONDITIONS & (one.answer_words | other.answer_words):
        return ""
    scope = denied or also
    plain = other.claim if denied else one.claim
    return f"not {', '.join(sorted(scope))}" if scope <= plain.asserted else ""
