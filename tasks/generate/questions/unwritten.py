"""Tell why a teacher that is led by the grammar of English finds nothing to ask about.

In: a domain's passages. Out: a sentence that names their language and what can write pairs in it. More
documents of the same language would help as little, so that the cause is told and not the number of pairs.
"""

from collections import Counter
from collections.abc import Sequence

from tasks.generate.config import GenerateConfig
from tasks.generate.judging.judge import language_check
from tasks.kernel.errors import DataError
from tasks.records.corpus import Passage

_LANGUAGE = "en"
"""The one whose grammar opens questions."""
_LOOKED_AT, _CHARACTERS = 50, 500
"""Passages, and so much of each."""


def require_written(passages: Sequence[Passage], asked: int, ready: int, config: GenerateConfig) -> None:
    """Raise DataError where nothing is asked because the passages are in another language."""
    if not asked and not ready and (cause := unwritten_language(passages, config)):
        raise DataError(cause)


def unwritten_language(passages: Sequence[Passage], config: GenerateConfig) -> str:
    """Return that most passages are in a language that the teacher's rules do not write; empty: no."""
    if not config.teacher.guided:
        return ""
    step = -(-len(passages) // _LOOKED_AT) or 1
    foreign = language_check(_LANGUAGE)
    found = Counter(foreign(passage.own[:_CHARACTERS]) for passage in passages[::step])
    english = found.pop("", 0)
    if found.total() <= english:
        return ""
    language, count = found.most_common(1)[0]
    kind = config.teacher.kind
    return (
        f"{_documents(passages)}: {count} of {found.total() + english} passages are in `{language}`,"
        f" and the rules of `generate.teacher: {{kind: {kind}}}` write English questions alone;"
        f" take a teacher behind an API (`generate.teacher: {{kind: openai, base_url: …, model_name: …}}`)"
        f" and set `generate.judging.language: {language}`, or give English documents"
    )


def _documents(passages: Sequence[Passage]) -> str:
    return ", ".join(sorted({passage.document for passage in passages})[:5])
