"""Read the questions that a passage's own layout asks: headings over lists and over their first sentences.

In: passage text. Out: whole questions with the spans that answer them. Who wrote the document chose
these words, so nothing is left to guess but whether a heading means something when it stands alone.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tasks.generate.judging.filters import GENERIC, content_words, vague
from tasks.generate.questions.clauses import is_plural
from tasks.generate.questions.standalone import unfit
from tasks.records.corpus import Passage
from tasks.text.sentences import block_sentences
from tasks.text.words import WORD

MAX_HEADING_WORDS = 16
_MIN_CONTENT = 2
_MAX_ITEMS_WORDS = 3
"""Times the longest answer that a whole list may be long."""
_ITEM = re.compile(r"\s*(?:[-–*•●▪◦‣·]|\d{1,2}[.)])\s+")
_ASKS = re.compile(r"(?:What|Who|How|Why|When|Where|Which|Is|Are|Can|Do|Does|Should|Will)\b[^?]*\?$")
_VAGUE = re.compile(
    r"\b(?:this|these|it|they|(?<!s )that|them|here|more|next|myself)\b|learn|information"
    r"|contact|\bhelp\b.{0,12}\?$"
)
_LEAD = re.compile(
    r"(?P<start>.*?),? (?P<cue>include|includes|including|such as|are|involve|involves)(?: the following)?:$"
)
_OPEN_LEAD = re.compile(r"(?:Here are|There are|These|Consider|Try|The following|Some|You can)\b.*:$")
_GENERIC = re.compile(r"(?:other|more|additional|further|key|related|next|some|resources)\b", re.IGNORECASE)
_ANSWERS = {
    "cause": r"caus|factor|determin|contribut|unknown|\brole\b|\brisk",
    "treat": r"treated|therap|medic|manage|treatment (?:for|of) ",
    "diagnos": r"diagnos|evaluat|exam|assess|criteria|symptoms for",
}


class Section(NamedTuple):
    """A heading with what stands under it, up to the next heading."""

    heading: str
    blocks: list[str]
    """Paragraphs and runs of list items, as the passage spells them."""


class LayoutPair(NamedTuple):
    """A whole question with its answer."""

    question: str
    answer: str


def layout_pairs(text: str, max_words: int) -> list[LayoutPair]:
    """Return the pairs that headings and lists of a passage make, whose answers have `max_words` at most."""
    found: list[LayoutPair] = []
    # What stands before the first heading may be the middle of a section.
    for section in _sections("", text):
        found += _lists(section, max_words * _MAX_ITEMS_WORDS)
        if section.blocks and (pair := _first_sentences(section, max_words)):
            found.append(pair)
    return found


def _sections(heading: str, text: str) -> list[Section]:
    sections = [Section(heading, [])]
    for block in re.split(r"\n\n+", text):
        lines = block.split("\n")
        if _is_heading(lines[0]):
            sections.append(Section(lines[0].strip(), []))
            lines = lines[1:]
        items = [line for line in lines if _ITEM.match(line)]
        plain = [line for line in lines if not _ITEM.match(line)]
        if plain:
            sections[-1].blocks.append("\n".join(plain))
        if items:
            sections[-1].blocks.append("\n".join(items))
    return sections


def _is_heading(line: str) -> bool:
    words = WORD.findall(line)
    ends = line.rstrip().endswith((".", ":", ";", ",", "!"))
    return 0 < len(words) <= MAX_HEADING_WORDS and not ends and line[:1].isupper() and "|" not in line


def _lists(section: Section, max_words: int) -> list[LayoutPair]:
    """Return one question for each list of the section, asked by its lead-in sentence or its heading."""
    found = []
    for at, block in enumerate(section.blocks):
        if not _ITEM.match(block) or not _fits(block, max_words):
            continue
        lead = block_sentences(section.blocks[at - 1])[-1] if at else ""
        question = _from_lead(lead) if lead.endswith(":") else ""
        if not question and (at == 0 or _OPEN_LEAD.match(lead)):
            question = _from_heading(section.heading)
        if question:
            intro = f"{lead}\n" if lead.endswith(":") and not _OPEN_LEAD.match(lead) else ""
            found.append(LayoutPair(question, intro + block.strip()))
    return found


def _fits(block: str, max_words: int) -> bool:
    items = block.split("\n")
    clean = not re.search(r"www\.|https?:|@|\.gov|\.org|\d{3}-\d{4}", block)
    return clean and len(items) > 1 and len(WORD.findall(block)) <= max_words


def _from_lead(lead: str) -> str:
    """Turn `Symptoms of frost may include:` into a question."""
    match = _LEAD.match(lead)
    if match is None or _VAGUE.search(match["start"]) or "," in match["start"]:
        return ""
    start, cue = match["start"], match["cue"]
    if cue in {"such as", "including"}:
        return ""
    words = start.split()
    modal = words[-1] if words[-1] in {"can", "may", "might"} else ""
    subject = " ".join(words[:-1] if modal else words)
    if len(content_words(subject)) < _MIN_CONTENT or _GENERIC.match(subject):
        return ""
    subject = _lowered(subject)
    if cue == "are":
        return f"What are {subject}?"
    subject = re.sub(r"^other |^common ", lambda match: "common " if "common" in match[0] else "", subject)
    does = modal or ("do" if is_plural(subject) else "does")
    return f"What {does} {subject} {cue.rstrip('s')}?"


def _from_heading(heading: str) -> str:
    heading = heading.strip()
    if _VAGUE.search(heading) or _GENERIC.match(heading) or len(content_words(heading)) < _MIN_CONTENT:
        return ""
    if _ASKS.match(heading):
        return "" if vague(heading) else heading
    words = heading.rstrip("?").split()
    if (
        heading.endswith("?")
        or len(words) < _MIN_CONTENT
        or not is_plural(heading)
        or words[0].endswith("ing")
    ):
        return ""
    noun = re.split(r" (?:of|for|in|to|with|from) ", heading)[0]
    article = "the " if re.search(r"^\w+ of ", heading) else ""
    return f"What are {article}{_lowered(heading)}?" if is_plural(noun) and " and " not in noun else ""


def _first_sentences(section: Section, max_words: int) -> LayoutPair | None:
    """Return a heading that asks, with as many sentences under it as fit, where they answer it."""
    heading, first = section.heading, section.blocks[0]
    if not _ASKS.match(heading) or _VAGUE.search(heading) or _ITEM.match(first):
        return None
    sentences = block_sentences(" ".join(first.split()))
    if unfit(sentences[0], 6, max_words) or not _answers(heading, sentences[0]):
        return None
    answer = sentences[0]
    for sentence in sentences[1:]:
        if len(WORD.findall(answer + sentence)) > max_words or unfit(sentence, 3, max_words) == "pointer":
            break
        answer += " " + sentence
    return LayoutPair(heading, answer)


def _answers(heading: str, sentence: str) -> bool:
    lowered = heading.lower()
    for stem, wanted in _ANSWERS.items():
        if stem in lowered:
            return bool(re.search(wanted, sentence.lower())) and "difficult" not in sentence
    if lowered.startswith("what are") and not re.search(r"\b(?:are|includes?)\b", sentence):
        return False
    asked = content_words(heading)
    if len(asked) < 1 or not asked <= content_words(sentence) | {"sign", "symp"}:
        return False
    return not lowered.startswith(("how", "why", "can", "is", "are")) and " and " not in lowered


def _lowered(text: str) -> str:
    word: Sequence[str] = text.split(maxsplit=1)
    return text if word[0][1:] != word[0][1:].lower() else text[0].lower() + text[1:]


Topics = frozenset[str]
_TOPICS = 12
_SPECIFIC = 5
"""Content words by which a question says enough without a topic."""


def topics(passages: Iterable[Passage]) -> Topics:
    """Return the stems of the words that most sentences of a document turn around."""
    counts: Counter[str] = Counter()
    for passage in passages:
        for word in WORD.findall(passage.own):
            counts.update(content_words(word) - GENERIC)
    return frozenset(stem for stem, _ in counts.most_common(_TOPICS))


def is_anchored(question: str, known: Topics) -> bool:
    """Tell whether a question that leaves its subject open names a topic, or says enough without one."""
    own = content_words(question) - GENERIC
    return not known or bool(own & known) or len(own) >= _SPECIFIC
