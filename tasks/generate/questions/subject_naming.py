"""Write a document's subject into questions that name none (decontextualization, Choi et al. 2021).

In: candidates and the passages of a domain. Out: the same, with `In depression, what does alcohol worsen?`
for `What does alcohol worsen?`, or with `names_no_subject` where grammar does not allow that. The text's own
words introduce its subject: `in depression`, `under the Act`. Where it has no one subject, or never puts it
behind such a word, questions stay as they are: a wrong subject is worse than none. The rules are English.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from tasks.generate.judging.facts import names
from tasks.generate.judging.filters import GENERIC, MAX_WORDS, content_words
from tasks.records.corpus import Passage
from tasks.records.dataset import Candidate, Example
from tasks.text.sentences import english_sentences
from tasks.text.words import FUNCTION_WORDS, WORD, content, find_words, stem

NAMELESS = "names_no_subject"
_LEAST_SHARE = 0.15
_LEAST_SENTENCES = 5
"""A subject stands in this share of the sentences, and in so many."""
_INTRODUCING = ("in", "under", "during", "with")
"""In order of preference."""
_BEGINNING = 4
"""Words of an answer that tell what it is about."""
_DETERMINER_LIST = "a an the this that these those each every another any some no its their your"
_DETERMINERS = frozenset(_DETERMINER_LIST.split())
_MOST_ARTICLES = 0.25
"""Share of its uses in which a subject may have one."""
_OF_OTHERS = re.compile(
    r"\b(?:people|persons?|patients?|children|adults?|men|women|someone|somebody|anyone|those) with \w",
    re.IGNORECASE,
)
"""Says of whom the question speaks, who may have something else."""
_BEGINS = FUNCTION_WORDS - {"i", "us"}
"""What a question may begin with, and what is not written with a capital behind something else."""


class Subject(NamedTuple):
    """What a text is about."""

    words: frozenset[str]
    """The beginnings of the words that stand in many of its sentences."""
    word: str = ""
    """The most frequent of them, as the text spells it."""
    introduction: str = ""
    """The same behind a preposition: `In depression`; empty: none was found."""


def name_subjects(
    candidates: Sequence[Candidate],
    passages: Mapping[str, Passage],
    decided: Callable[[Example], object],
) -> list[Candidate]:
    """Return the candidates; questions that people have decided upon (`decided`) stay as they are."""
    subjects = _subjects(list(passages.values()))

    def named(one: Candidate) -> Candidate:
        example = one.example
        subject = subjects.get(example.passage, Subject(frozenset()))
        if one.reason or not subject.introduction or names_subject(example.question, subject):
            return one
        if decided(example) or _begins_with(example.answer, subject):
            return one
        question = introduced(example.question, subject)
        if not question:
            return one.model_copy(update={"reason": NAMELESS, "detail": subject.introduction.lower()})
        return one.model_copy(update={"example": example.model_copy(update={"question": question})})

    return [named(one) for one in candidates]


def subject_of(sentences: Sequence[str], library: Sequence[str]) -> Subject:
    """Return what the sentences of a text are about; `library` are those of all texts of the domain."""
    counts = Counter(found for sentence in sentences for found in set(content(sentence)))
    least = max(_LEAST_SENTENCES, _LEAST_SHARE * len(sentences))
    spelled = _spellings(sentences)
    ranked = sorted(counts, key=lambda one: (-counts[one], one))
    frequent = [spelled[one] for one in ranked if counts[one] >= least and one in spelled]
    words = [word for word in frequent if not content_words(word) <= GENERIC]
    for word in words:
        if introduction := _introduction(word, library):
            return Subject(frozenset().union(*map(content_words, words)), word, introduction)
    return Subject(frozenset())


def names_subject(question: str, subject: Subject) -> bool:
    """Tell whether a question names what the text is about, or somebody or something by name."""
    if _mentions(question, subject) or names(question):
        return True
    return bool(re.search(r"\d", question) or _OF_OTHERS.search(question))


def _mentions(text: str, subject: Subject) -> bool:
    """Tell whether the subject stands in the text, or what its letters are short for."""
    if subject.words & content_words(text):
        return True
    initials = "".join(word[0].lower() for word in WORD.findall(text.replace("-", " ")))
    return subject.word.isupper() and len(subject.word) > 1 and subject.word.lower() in initials


def introduced(question: str, subject: Subject) -> str:
    """Return the question, or its last sentence, behind the subject; "" where grammar does not allow it."""
    sentences = english_sentences(question)
    first = sentences[-1].split()[0].lower() if sentences else ""
    fits = len(find_words(question)) + len(subject.introduction.split()) <= MAX_WORDS
    if not fits or first not in _BEGINS:
        return ""
    asked = f"{subject.introduction}, {sentences[-1][0].lower()}{sentences[-1][1:]}"
    return " ".join([*sentences[:-1], asked])


def _begins_with(answer: str, subject: Subject) -> bool:
    """Tell whether the answer is the subject: `What is marked by worry?` would answer itself."""
    return _mentions(" ".join(find_words(answer)[:_BEGINNING]), subject)


def _subjects(passages: Sequence[Passage]) -> dict[str, Subject]:
    """Return the subject of each passage: its document's, or its section's where the document has none."""
    groups: dict[str, dict[str, list[Passage]]] = {}
    for passage in passages:
        groups.setdefault(passage.document, {}).setdefault(passage.heading, []).append(passage)
    read = {passage.id: english_sentences(passage.own) for passage in passages}
    library = list(chain.from_iterable(read.values()))
    found: dict[str, Subject] = {}
    for sections in groups.values():
        every = list(chain.from_iterable(sections.values()))
        whole = subject_of(_sentences(every, read), library)
        for group in sections.values():
            subject = whole if whole.introduction else subject_of(_sentences(group, read), library)
            found |= dict.fromkeys((passage.id for passage in group), subject)
    return found


def _sentences(group: Iterable[Passage], read: Mapping[str, Sequence[str]]) -> list[str]:
    return [sentence for passage in group for sentence in read[passage.id]]


def _spellings(sentences: Iterable[str]) -> dict[str, str]:
    """Return how each stem is spelled most often; the beginning of a sentence does not count."""
    found: dict[str, Counter[str]] = {}
    for sentence in sentences:
        for word in WORD.findall(sentence)[1:]:
            if word.lower() not in FUNCTION_WORDS:
                found.setdefault(stem(word.lower()), Counter())[word] += 1
    return {one: min(counts, key=lambda word: (-counts[word], word)) for one, counts in found.items()}


def _introduction(word: str, sentences: Sequence[str]) -> str:
    """Return `word` behind the preposition that the text puts before it, or "" where it is no subject.

    What often has an article is a thing of which there are many (`a value`); a name may have one (`the Act`).
    """
    uses = [use for sentence in sentences for use in _uses(word, sentence)]
    articles = sum(use[1] in _DETERMINERS for use in uses)
    if not word[0].isupper() and articles > _MOST_ARTICLES * len(uses):
        return ""
    bare = Counter(use[1] for use in uses)
    named = Counter(use[0] for use in uses if use[1] == "the") if word[0].isupper() else Counter[str]()
    for preposition in _INTRODUCING:
        for count, form in ((bare[preposition], word), (named[preposition], f"the {word}")):
            if count:
                return f"{preposition.capitalize()} {form}"
    return ""


def _uses(word: str, sentence: str) -> Iterator[tuple[str, str]]:
    """Yield the two words before each `word` that no noun follows."""
    pattern = rf"(\S+) (\S+) {re.escape(word)}(?![\w’'-])(?P<mark>[^\w\s]*)\s*(?P<next>[\w’'-]*)"
    for found in re.finditer(pattern, f"^ ^ {sentence}"):
        if found["mark"] or not found["next"] or found["next"].lower() in FUNCTION_WORDS:
            yield found[1].lower(), found[2].lower()
