"""What a teacher is asked, in words: one question to a statement, or all pairs of a passage as JSON.

In: asks. Out: conversations whose next turn is the teacher's, and the JSON schema of a list of pairs.
Whatever varies from ask to ask of one kind stands in the last turn, so that everything before it is
read once by a teacher that can share it; documents are quoted, never obeyed.
"""

import json

from pydantic import JsonValue

from tasks.generate.pairs import Ask
from tasks.records.dataset import QuestionType

Message = dict[str, str]
MAX_QUESTION = 200
MAX_ANSWER = 600
"""Characters of a string in the schema: a teacher that loops must not spend its whole reply on one pair."""
TYPES: dict[QuestionType, str] = {
    "factual": "asks for a fact",
    "how": "asks how something works or is done",
    "why": "asks for a reason",
    "scenario": "puts somebody into a concrete situation and asks what holds or helps there",
    "follow_up": "goes one step beyond the obvious first question, and can be understood alone",
}
DIFFICULTIES = {
    "easy": "simple enough for somebody who is new to the subject",
    "medium": "for somebody who knows the basics of the subject",
    "hard": "demanding enough for an expert on the subject",
}


def messages(ask: Ask) -> list[Message]:
    """Return the conversation whose next turn is the reply to `ask`."""
    if not ask.answer:
        return [_turn("user", _passage_wish(ask))]
    # A question with an opening says its type already, and all of them share one set of worked examples.
    kind = None if ask.opening else ask.question_type
    turns = []
    for answer, question in EXAMPLES[kind]:
        turns += [_turn("user", _wish(answer, kind)), _turn("assistant", question)]
    return [*turns, _turn("user", " ".join([_wish(ask.answer, kind), *_manner(ask)]))]


def pairs_schema(count: int) -> dict[str, JsonValue]:
    """Return the JSON schema of a list of one to `count` pairs."""
    text: dict[str, JsonValue] = {"type": "string", "minLength": 1}
    return {
        "type": "array",
        "minItems": 1,
        "maxItems": count,
        "items": {
            "type": "object",
            "properties": {
                "question": {**text, "maxLength": MAX_QUESTION},
                "answer": {**text, "maxLength": MAX_ANSWER},
            },
            "required": ["question", "answer"],
            "additionalProperties": False,
        },
    }


def _wish(answer: str, kind: QuestionType | None) -> str:
    asking = f" that {TYPES[kind]} and" if kind else ""
    return f"Write one question{asking} that this sentence answers: {answer}"


def _passage_wish(ask: Ask) -> str:
    wanted = f"{ask.count} question-answer pairs" if ask.count > 1 else "1 question-answer pair"
    form = json.dumps([{"question": "...", "answer": "..."}])
    kind = [f"Each question {TYPES[ask.question_type]}."] if ask.question_type else []
    rules = [
        f"Write {wanted} about the text below as a JSON list: {form}.",
        "Each question can be understood without the text, and the text states its answer.",
        *kind,
        *_manner(ask),
    ]
    return f"{' '.join(rules)}\n\nText:\n{ask.text}"


def _manner(ask: Ask) -> list[str]:
    """Return sentences on who asks, and how hard the question is."""
    asker = [f"The question is asked by {ask.persona}."] if ask.persona else []
    return asker + ([f"The question is {DIFFICULTIES[ask.difficulty]}."] if ask.difficulty else [])


def _turn(role: str, content: str) -> Message:
    return {"role": role, "content": content}


Worked = tuple[tuple[str, str], ...]
_BEE = "A honey bee dances to tell the others in which direction and how far away food is."
_IRON = "Foods rich in vitamin C can help the body to take up more iron from plants."
_ERUPTION = "Warning signs of an eruption are small earthquakes, swelling ground and new gas vents."
_ANY: Worked = (
    (_BEE, "Why does a honey bee dance?"),
    (_IRON, "How can foods rich in vitamin C help the body?"),
    (_ERUPTION, "What are the warning signs of an eruption?"),
)
EXAMPLES: dict[QuestionType | None, Worked] = {
    None: _ANY,
    "factual": (
        (_BEE, "Which animal dances to tell where food is?"),
        (_IRON, "Which vitamin helps the body to take up iron from plants?"),
        (_ERUPTION, "What are the warning signs of an eruption?"),
    ),
    "how": (
        (_BEE, "How does a honey bee tell the others where food is?"),
        (_IRON, "How can foods rich in vitamin C help the body?"),
        (_ERUPTION, "How does a volcano announce an eruption?"),
    ),
    "why": (
        (_BEE, "Why does a honey bee dance?"),
        (_IRON, "Why are foods rich in vitamin C good company for plants with iron?"),
        (_ERUPTION, "Why should swelling ground near a volcano be taken seriously?"),
    ),
    "scenario": (
        (_BEE, "You see a honey bee dance in front of the others: what is it telling them?"),
        (_IRON, "Someone who eats only plants needs more iron: which foods can help?"),
        (_ERUPTION, "You live beside a volcano: what would tell you that it is about to erupt?"),
    ),
    "follow_up": (
        (_BEE, "Besides the direction, what else about food does a honey bee's dance tell?"),
        (_IRON, "Plants contain iron, but what helps the body to take up more of it?"),
        (_ERUPTION, "Besides small earthquakes, what else announces an eruption?"),
    ),
}
