"""Ask where to turn: for the address or the number that a sentence gives for a purpose.

In: a sentence. Out: a whole question, or none. Such a sentence is no statement to ask about in any
other way, but whom to call in danger is the most important thing in a brochure.
"""

import re

_ADDRESS = r"[^;]*?(?:www\.|https?://|\w\.(?:gov|org)\b)"
_AT = r"(?:,? (?:at|on|by visiting)|, (?:visit|see|check out|go to)) "
_TOPIC = r"(?P<topic>(?!(?:your|the area|this|these)\b)[^;.]{4,110}?)"
_ABOUT = (
    re.compile(rf"(?:To learn|Learn|You can (?:also )?learn) more about {_TOPIC}{_AT}{_ADDRESS}"),
    re.compile(rf"For (?:more |additional |the latest )?information (?:on|about) {_TOPIC}{_AT}{_ADDRESS}"),
    re.compile(
        rf"You can (?:also )?(?:learn more|find (?:more |additional )?information) (?:about"
        rf"|on) {_TOPIC}{_AT}{_ADDRESS}"
    ),
)
_FOUND = (
    re.compile(rf"(?:Find|Read) (?P<topic>[^;.]{{12,110}}){_AT}{_ADDRESS}"),
    re.compile(
        r"Visit [^;]*?(?:\.gov|\.org)\S* for (?P<topic>(?:the |more |additional |tips )[^;.]{12,110})\.$"
    ),
)
_CRISIS = re.compile(
    r"If (you or someone you know [^,]{5,90}|you (?:are|have|feel|know|need) [^,]{5,90}),"
    r" (?:please )?(?:call|text|contact|dial|visit|chat)\b"
)
_OPEN = re.compile(r"\b(?:this|these|it|they|them|here)\b")


def direction(sentence: str) -> str:
    """Return the question where to find, or whom to call, that `sentence` answers, or an empty text."""
    if match := _CRISIS.match(sentence):
        return f"What should you do if {match[1]}?"
    for patterns, asked in ((_ABOUT, "learn more about"), (_FOUND, "find")):
        for pattern in patterns:
            match = pattern.match(sentence)
            if match and not _OPEN.search(match["topic"]):
                return f"Where can you {asked} {match['topic'].strip()}?"
    return ""
