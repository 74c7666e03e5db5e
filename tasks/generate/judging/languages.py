"""Tell whether a pair is written in the language that a domain is meant to have.

In: texts. Out: the language of those that are not in the wanted one, by py3langid. Short texts are judged
unreliably, so question and answer count together, and only what is almost certainly another language counts.
"""

from collections.abc import Callable

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
