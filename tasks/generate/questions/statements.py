"""Make sentences of a passage stand alone, by their own paragraph.

In: passage text. Out: statements: an answer that is a span of the passage, and the sentence whose
grammar a question is read off, in which a pronoun is replaced by what it stands for. The sentence that
names it is then part of the answer, so that the reader of the pair is told it too.
"""

import re
from typing import NamedTuple

from tasks.generate.questions.clauses import BEING, Clause, is_plural, main_clause
from tasks.text.sentences import block_sentences, text_blocks
from tasks.text.words import WORD

_CONNECTIVE = re.compile(
    r"(?:However|Additionally|In addition|Moreover|Furthermore|Therefore|Thus|As a result|Nevertheless|Also"
    r"|But|Instead|Still|Similarly|Likewise|In contrast|In fact|Yet|And), (?=\w)"
    r"|(?:But|And|Yet) (?=[a-z])"
    r"|For (?:example|instance), (?=(?:some|people|many|individuals|medications|treatments)\b)"
)
_LABEL = re.compile(r"[A-Z][^.:?!]{2,60}: (?=[A-Z])")
_PARENTHESIS = re.compile(r" ?\([^()]*\)| ?[—–] ?[^—–]{3,90}[—–](?= ?[a-z])| ?—.*(?=\.$)")
_REPORTED = re.compile(
    r"(?:Current |Recent |Some |Many |More recent |Other )?(?:[Rr]esearch(?:ers)?|[Ss]tud(?:ies|y)|[Ee]xperts"
    r"|[Ss]cientists|[Ee]vidence)"
    r" (?:also )?(?:shows?|suggests?|indicates?|finds?|found|believes?|thinks?|has shown|have shown"
    r"|have found)"
    r" that,? "
)
_ADVERB = re.compile(
    r"(?:\w+ly|Often|Sometimes|In (?:general|most cases|many cases|some cases|addition)|Over time|At times"
    r"|Most of the time|To date|For most people|As with most (?:illnesses|disorders)), "
)
_CONCESSION = re.compile(
    r"(?:Although|While|Though|Even though|Unlike) [^,]{5,150}, (?=[a-z])"
    r"(?!(?:[\w-]+ ?){1,3}, (?:or|and)\b)(?!(?:or|and)\b)"
)
_PHRASE = re.compile(
    r"(?:In|For|During|Among|With|Without|Within|After|Before|Between|Throughout|At|By"
    r"|Under) [^,]{3,60}, (?=[a-z])"
)
_PRONOUN = re.compile(r"(It|They) (?=[a-z])")
_EXPLETIVE = re.compile(
    r"It (?:is|can be|may be|was|might be|could be|will be|also is) (?:\w+ )*?(?:to|that|for)\b|It takes\b"
)
_OF_KIND = re.compile(r"[,;]| (?:that|which|who|of|for|in|with|used|to|by|aimed|designed)\b")
_POINTING = re.compile(r"(?:These|This) (?:(?:type|kind|form) of )?(?:[a-z-]+ )??([a-z-]+)(?= )")


class Statement(NamedTuple):
    """An answer, and the sentence in it that a question may ask about."""

    answer: str
    """A span of the passage, but for its first capital."""
    asked: str
    """The sentence to ask about, without brackets, connectives and open references."""
    checked: str
    """What must be fit to stand alone: the answer as its reader understands it."""
    tail: str = ""
    """The phrase that opened it (`in people with fever`), which a whole question must end with."""


def statements(text: str) -> list[Statement]:
    """Return a statement for each sentence of `text`, in order."""
    found = []
    for block in text_blocks(text):
        before = ""
        for sentence in block_sentences(block):
            found.append(_statement(sentence, before))
            before = sentence
    return found


def _statement(sentence: str, before: str) -> Statement:
    bare = _LABEL.sub("", sentence, count=1) if sentence.endswith(".") else sentence
    bare = _CONNECTIVE.sub("", bare, count=1) if _CONNECTIVE.match(bare) else bare
    bare = _capital(bare)
    resolved = _resolved(_plain(bare), _plain(before)) if before else ""
    if resolved:
        asked, tail = _opened(resolved)
        return Statement(f"{before} {sentence}", asked, f"{before} {resolved}", tail)
    asked, tail = _opened(_plain(bare))
    return Statement(bare, asked, bare, tail)


def _plain(sentence: str) -> str:
    """Return the sentence without brackets and what stands between dashes."""
    return re.sub(r" (?=[.,;])", "", " ".join(_PARENTHESIS.sub(" ", sentence).split()))


def _opened(sentence: str) -> tuple[str, str]:
    """Return the sentence without what stands before its subject, and the phrase that it must end with."""
    for pattern in (_ADVERB, _REPORTED, _CONCESSION):
        if match := pattern.match(sentence):
            sentence = _capital(sentence[match.end() :])
    if (match := _PHRASE.match(sentence)) and not re.search(
        r"\b(?:it|its|they|their|that|which|others|some|many|this|these|example)\b", match[0]
    ):
        phrase = match[0].removesuffix(", ")
        return _capital(sentence[match.end() :]), " " + phrase[0].lower() + phrase[1:]
    return sentence, ""


def _resolved(sentence: str, before: str) -> str:
    """Return `sentence` with the subject of the one before in place of its pronoun, else an empty text."""
    if _EXPLETIVE.match(sentence) or _CONNECTIVE.match(before):
        return ""
    opened, tail = _opened(before)
    clause = main_clause(opened)
    if clause is None or tail:
        return ""
    if match := _PRONOUN.match(sentence):
        fits = is_plural(clause.subject) == (match[1] == "They")
    elif match := _POINTING.match(sentence):
        named = _is_named(match[1], clause)
        fits = named and (not sentence.startswith("These") or is_plural(clause.subject))
    else:
        return ""
    return f"{clause.subject} {sentence[match.end() :].lstrip()}" if fits else ""


def _is_named(noun: str, clause: Clause) -> bool:
    """Tell whether the subject of `clause` is called `noun`, by its own words or by what it is said to be."""
    if [noun] == WORD.findall(clause.subject.lower())[-1:]:
        return True
    words = _OF_KIND.split(clause.rest, maxsplit=1)[0].split() if clause.verb in BEING else []
    return bool(words) and noun == words[-1]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
