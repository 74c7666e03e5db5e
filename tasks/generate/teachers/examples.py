"""Worked examples that show a teacher what a good question to a statement is.

In: a question type, or none. Out: statements with their questions, from subjects that no library is
likely to share, so that nothing leaks from them.
"""

from tasks.records import QuestionType

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
