"""Hold out questions on facts that training tells in another form.

In: candidates with splits. Out: the same, where some training pairs became `recall`: their question is not
trained on, and of their answer the key fact counts, while another pair of the same passage still tells it.
A question on a passage that nobody trained on shows what an expert makes of its domain; only these show what
it has learned of its books.
"""

import random
from collections.abc import Mapping, Sequence

from tasks.generate.config import GenerateConfig
from tasks.generate.selection.decontamination import KnownTexts
from tasks.generate.selection.precedence import REVIEWED, precedence
from tasks.records.dataset import RECALL, Candidate, Example, Split
from tasks.text.key_facts import key_fact, says
from tasks.text.words import content, find_words

TOLD = 0.7
"""Share of a question's content from which on an answer that says its key fact tells it."""


def hold_out_recall(candidates: Sequence[Candidate], config: GenerateConfig) -> list[Candidate]:
    """Return the candidates with at most `recall_share` of the training pairs held out.

    A key fact is shorter than what counts as copied (`judging.leak_ngram`), its question resembles none that
    is left to train on, and what a person has reviewed stays as it is.
    """
    trained = {one.example.id: one.example for one in candidates if _trains(one)}
    drawn = [one.example for one in candidates if _trains(one) and precedence(one) != REVIEWED]
    random.Random(f"recall:{config.seed}").shuffle(drawn)  # noqa: S311  # a sample, no secret
    left: dict[str, dict[str, Example]] = {}
    for example in trained.values():
        left.setdefault(example.passage, {})[example.id] = example
    held: dict[str, str] = {}
    for example in drawn:
        if len(held) >= int(config.recall_share * len(trained)):
            break
        others = [other for other in left[example.passage].values() if other.id != example.id]
        if (key := _key(example, config)) and any(_tells(other.answer, key, example) for other in others):
            held[example.id] = key
            del left[example.passage][example.id]
    rest = [example for group in left.values() for example in group.values()]
    held = {
        name: held[name] for name in held.keys() - _copied([trained[name] for name in held], rest, config)
    }
    return [
        _moved(one, held[one.example.id], RECALL) if one.example.id in held else one for one in candidates
    ]


def take_back_untold(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates with those of `recall` in training again whose fact nobody tells any more."""
    told: dict[str, list[str]] = {}
    for one in candidates:
        if _trains(one):
            told.setdefault(one.example.passage, []).append(one.example.answer)
    return [
        one if one.example.split != RECALL or _is_told(one.example, told) else _moved(one, "", "train")
        for one in candidates
    ]


def _is_told(example: Example, told: Mapping[str, Sequence[str]]) -> bool:
    return any(_tells(answer, example.key_fact, example) for answer in told.get(example.passage, ()))


def _key(example: Example, config: GenerateConfig) -> str:
    key = key_fact(example.question, example.answer) if example.passage else ""
    return key if 0 < len(find_words(key)) < config.judging.leak_ngram else ""


def _tells(answer: str, key: str, example: Example) -> bool:
    """Tell whether an answer says the key fact, and of what the question asks for."""
    asked = set(content(example.question))
    return says(answer, key) and len(asked & set(content(answer))) >= TOLD * len(asked)


def _copied(held: Sequence[Example], left: Sequence[Example], config: GenerateConfig) -> set[str]:
    """Return the ids of the questions that resemble one that is trained on."""
    questions = [(one.id, one.question) for one in left]
    known = KnownTexts(questions, [one.question for one in (*held, *left)], config.judging)
    return {one.id for one in held if known.found(one.question)}


def _trains(candidate: Candidate) -> bool:
    return not candidate.reason and candidate.example.split == "train"


def _moved(candidate: Candidate, key: str, split: Split) -> Candidate:
    fact = f"{key[0].upper()}{key[1:]}." if key else ""
    example = candidate.example.model_copy(update={"key_fact": fact, "split": split})
    return candidate.model_copy(update={"example": example})
