"""Text of no domain that a model writes itself: answers to questions on everyday things, and documents.

In: a model, its tokenizer, how many of either. Out: lines of text, drawn by the seed.
A model is healed best on what it would say itself, and nobody has to bring such text; on conversations
alone it would learn to survive conversations.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import product

import torch
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

from tasks.heal.config import WrittenText
from tasks.heal.texts import NeutralLine
from tasks.kernel.workspace import Progress
from tasks.models.chat import prompt_text, stop_ids, token_ids

LONGEST_ANSWER, LONGEST_DOCUMENT = 160, 224
"""Tokens; what goes on is cut, and teaches as well."""
BATCH = 32
TOPICS = (
    "a bicycle", "the moon", "bread", "a public library", "rain", "trains", "a vegetable garden", "the sea",
    "an old clock", "honey bees", "winter", "a city park", "maps", "a football match", "chess", "volcanoes",
    "tea", "a small shop", "computers", "the alphabet", "a wooden chair", "birds", "rivers",
    "a family dinner",
    "photography", "a school trip", "electric light", "markets", "mountains", "music", "the Roman Empire",
    "fractions", "a lighthouse", "recycling", "coffee", "a long journey by bus", "trees", "painting a room",
    "the post office", "whales", "money", "a birthday party", "bridges", "the weather forecast", "sleep",
    "a museum", "cooking rice", "telephones", "sand", "the calendar",
)  # fmt: skip
FORMS = (
    "Explain {} to a child.",
    "What should everybody know about {}?",
    "Write a short story about {}.",
    "Give me five tips that have to do with {}.",
    "What are the advantages and disadvantages of {}?",
    "Write an email to a friend about {}.",
)
BEGINNINGS = (
    "# {title}\n\n",
    "{title}\n\nFrom Wikipedia, the free encyclopedia\n\n",
    "NEWS: {title} in the city\n\nBy our correspondent\n\n",
    "Everything you need to know about {topic}\n\nWhat is",
    "{title}: questions and answers\n\nQ:",
    "The history of {topic} began",
    "My day with {topic}\n\nIt was",
    "{title}. A guide for beginners\n\n1.",
    "Abstract\n\nIn this study of {topic} we",
    "Chapter One: {title}\n\n",
)


def questions() -> list[str]:
    """Return every question, so ordered that any beginning of the list is mixed."""
    return [FORMS[form].format(TOPICS[topic]) for form, topic in _mixed(len(FORMS))]


def beginnings() -> list[str]:
    """Return how every document begins, in such an order too."""
    return [
        BEGINNINGS[form].format(topic=TOPICS[topic], title=_title(TOPICS[topic]))
        for form, topic in _mixed(len(BEGINNINGS))
    ]


def write_lines(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    text: WrittenText,
    seed: int,
    progress: Progress,
) -> list[NeutralLine]:
    """Return conversations and documents by the model, without empty answers."""
    torch.manual_seed(seed)
    found: list[NeutralLine] = []
    asked, begun = questions()[: text.conversations], beginnings()[: text.documents]
    done, total = 0, len(asked) + len(begun)
    for batch in _batches(asked):
        prompts = [token_ids(tokenizer, prompt_text(tokenizer, question)) for question in batch]
        answers = _continued(model, tokenizer, prompts, LONGEST_ANSWER, temperature=0.8, top_p=0.95)
        pairs = zip(batch, answers, strict=True)
        found += [
            NeutralLine(question=question, answer=said)
            for question, answer in pairs
            if (said := answer.strip())
        ]
        done += len(batch)
        progress(done, total, "texts")
    for batch in _batches(begun):
        prompts = [token_ids(tokenizer, beginning) for beginning in batch]
        rests = _continued(model, tokenizer, prompts, LONGEST_DOCUMENT, temperature=1.0, top_p=0.98)
        found += [NeutralLine(text=one + rest) for one, rest in zip(batch, rests, strict=True)]
        done += len(batch)
        progress(done, total, "texts")
    return found


def _mixed(forms: int) -> list[tuple[int, int]]:
    """Return every form and topic by their numbers, neighbours with different ones."""
    pairs = list(product(range(forms), range(len(TOPICS))))
    return sorted(pairs, key=lambda pair: ((pair[1] + pair[0]) % forms, pair[1]))


def _title(topic: str) -> str:
    bare = re.sub(r"^(?:an?|the) ", "", topic)
    return bare[0].upper() + bare[1:]


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), BATCH):
        yield texts[start : start + BATCH]


def _continued(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Sequence[int]],
    longest: int,
    *,
    temperature: float,
    top_p: float,
) -> list[str]:
    """Return what the model writes behind each prompt."""
    stops, width = stop_ids(tokenizer), max(map(len, prompts))
    ids = torch.tensor([[*[stops[0]] * (width - len(prompt)), *prompt] for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    # The model's own generation settings are replaced, not merged.
    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=temperature,
        top_p=top_p,
        top_k=0,
        max_new_tokens=longest,
        eos_token_id=stops,
        pad_token_id=stops[0],
    )
    with torch.inference_mode():
        output = model.generate(input_ids=ids.to(model.device), attention_mask=mask.to(model.device))  # type: ignore[operator]  # stubs: nn.Module
    return list(tokenizer.batch_decode(output[:, width:], skip_special_tokens=True))
