"""Text of no domain that a model writes itself: questions on everyday things, and its own answers.

In: a model, its tokenizer, how many conversations. Out: conversations, drawn by the seed.
A model is healed best on what it would say itself, and nobody has to bring such text.
"""

from collections.abc import Callable, Iterator
from itertools import product

import torch
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

from tasks.heal.texts import Conversation
from tasks.models.chat import prompt_text, stop_ids, token_ids

LONGEST_ANSWER = 160
"""Tokens; an answer that goes on is cut, and teaches as well."""
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


def questions() -> list[str]:
    """Return every question, so ordered that any beginning of the list is mixed."""
    pairs = list(product(range(len(FORMS)), range(len(TOPICS))))
    pairs.sort(key=lambda pair: ((pair[1] + pair[0]) % len(FORMS), pair[1]))
    return [FORMS[form].format(TOPICS[topic]) for form, topic in pairs]


def write_conversations(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    count: int,
    seed: int,
    written: Callable[[int], None],
) -> list[Conversation]:
    """Return `count` questions with the model's own answers, without empty ones; `written` hears how many."""
    torch.manual_seed(seed)
    asked = questions()[:count]
    found: list[Conversation] = []
    for start in range(0, len(asked), BATCH):
        batch = asked[start : start + BATCH]
        pairs = zip(batch, _answers(model, tokenizer, batch), strict=True)
        found += [Conversation(question=question, answer=answer) for question, answer in pairs if answer]
        written(min(start + BATCH, len(asked)))
    return found


def _answers(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, asked: list[str]) -> Iterator[str]:
    prompts = [token_ids(tokenizer, prompt_text(tokenizer, question)) for question in asked]
    stops, width = stop_ids(tokenizer), max(map(len, prompts))
    ids = torch.tensor([[stops[0]] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    # The model's own generation settings are replaced, not merged.
    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=0.8,
        top_p=0.95,
        top_k=0,
        max_new_tokens=LONGEST_ANSWER,
        eos_token_id=stops,
        pad_token_id=stops[0],
    )
    with torch.inference_mode():
        output = model.generate(input_ids=ids.to(model.device), attention_mask=mask.to(model.device))  # type: ignore[operator]  # stubs: nn.Module
    for text in tokenizer.batch_decode(output[:, width:], skip_special_tokens=True):
        yield text.strip()
