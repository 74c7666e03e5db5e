"""Check each pair against its own passage.

In: candidates and the domain's passages. Out: the same candidates, those that fail a check with a
reason code. Rules first, because they cost nothing; models see what the rules let through.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from tasks.generate.config import JudgingConfig, NoJudge
from tasks.generate.judging.answerability import dangling
from tasks.generate.judging.filters import rejection
from tasks.generate.judging.grounding import Evidence, Verdict, support, unsupported
from tasks.generate.pairs import refuse
from tasks.kernel.workspace import Workspace
from tasks.records.corpus import Passage
from tasks.records.dataset import Candidate, Example
from tasks.text.words import find_words

_PASSAGES_AT_HAND = 16


def judge_pairs(
    candidates: Sequence[Candidate],
    passages: Mapping[str, Passage],
    config: JudgingConfig,
    judge: Path | None,
    work: Workspace,
    *,
    answers_given: bool = True,
) -> list[Candidate]:
    """Return the candidates, with a reason for those that are not worth learning from.

    Examples of ready-made data sets have no passage and pass: whoever made them has chosen them. A teacher
    that was given its answers (`answers_given`) may not ask for what its sentence does not name.
    """

    @lru_cache(maxsize=_PASSAGES_AT_HAND)
    def evidence_of(passage: str) -> Evidence:
        return Evidence(passages[passage])

    foreign = language_check(config.language)

    def rules(example: Example) -> Verdict | None:
        if not example.passage:
            return None
        evidence = evidence_of(example.passage)
        return _broken_rule(example, evidence, config, foreign, answers_given=answers_given)

    judged = refuse(candidates, rules)
    if config.min_relevance is not None:
        from tasks.generate.judging.relevance import refuse_irrelevant

        judged = refuse_irrelevant(judged, evidence_of, config.min_relevance)
    if isinstance(config.judge, NoJudge):
        return judged
    from tasks.generate.judging.verdicts import refuse_by_model

    return refuse_by_model(judged, evidence_of, config.judge, judge, work)


def _broken_rule(
    example: Example,
    evidence: Evidence,
    config: JudgingConfig,
    foreign: Callable[[str], str],
    *,
    answers_given: bool = True,
) -> Verdict | None:
    return (
        _form(example, evidence, config, answers_given=answers_given)
        or _other_language(example, foreign)
        or unsupported(example, evidence, config.min_grounded)
        or _place(example, evidence, config)
    )


def _form(
    example: Example, evidence: Evidence, config: JudgingConfig, *, answers_given: bool
) -> Verdict | None:
    """Check form; only a sentence that was given must have the words of the question to it."""
    words = len(find_words(example.answer))
    if not 1 <= words <= config.max_answer_words:
        return "length", f"answer of {words} words"
    reason = rejection(example.question, example.answer)
    given = answers_given and evidence.has_sentence(example.answer)
    if reason and (reason != "ungrounded" or given):
        return reason, ""
    pointer = dangling(example.question)
    return ("dangling_reference", pointer) if pointer else None


def _other_language(example: Example, foreign: Callable[[str], str]) -> Verdict | None:
    found = foreign(f"{example.question} {example.answer}")
    return ("language", found) if found else None


def _place(example: Example, evidence: Evidence, config: JudgingConfig) -> Verdict | None:
    share = support(example.question, example.answer, evidence)
    if share < config.min_support:
        return "irrelevant", f"{share:.0%} of the question's words near the evidence"
    if evidence.repeats(example.answer):
        return "repeated_part", ""
    return None


SURELY_OTHER = 0.05
"""Of 1,455 English legal pairs cut to their first 5 words, none has a probability of English below this; of
12 sentences of 6 to 10 words in 12 other languages, all have."""
_FEWEST_LETTERS = 15


def language_check(language: str | None) -> Callable[[str], str]:
    """Return a function that names the language of a text that is not in `language`, else ""."""
    if language is None:
        return lambda _: ""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def other(text: str) -> str:
        if sum(letter.isalpha() for letter in text) < _FEWEST_LETTERS:
            return ""
        ranked = identifier.rank(text)
        return "" if dict(ranked).get(language, 0.0) >= SURELY_OTHER else str(ranked[0][0])

    return other
