"""Why a file gives no text: a word for the account, and a sentence with the remedy for its owner.

In: what a parser or a limit ran into. Out: an UnreadableError. The words are few and stable,
because accounts are counted and compared by them.
"""

from enum import StrEnum

from tasks.kernel.errors import DocumentError


class Reason(StrEnum):
    """Everything that can be wrong with a file."""

    NO_PERMISSION = "no_permission"
    OTHER_FORMAT = "other_format"
    """Left out: nothing here reads such files."""
    NO_FILE = "no_file"
    """A link that leads nowhere, a pipe, a socket."""
    EMPTY = "empty"
    WRONG_FORMAT = "wrong_format"
    """The bytes are not what the suffix says."""
    UNKNOWN_ENCODING = "unknown_encoding"
    """Text in an encoding that neither it nor its bytes tell."""
    WRONG_ENCODING = "wrong_encoding"
    """Its bytes are not in the encoding that the configuration names."""
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    CYCLIC = "cyclic"
    """Its structure refers to itself, or is nested without end."""
    NO_PAGES = "no_pages"
    ENCRYPTED = "encrypted"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105  a reason
    SCANNED = "scanned"
    """Pictures of pages without a text layer."""
    NO_TEXT = "no_text"
    NO_UNICODE = "no_unicode"
    """Fonts that do not say which letters they draw."""
    RUN_TOGETHER = "run_together"
    """Words without the spaces between them."""
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    """It needs more memory, or unpacks to more bytes or text, than allowed."""
    TOO_MANY_PAGES = "too_many_pages"
    CRASHED = "crashed"
    """Its parser died."""
    OCR_MISSING = "ocr_missing"
    OCR_FAILED = "ocr_failed"


VAGUE = frozenset({Reason.CRASHED, Reason.DAMAGED})
"""They say less than what another parser says of the same file."""
SETTINGS = frozenset({Reason.WRONG_PASSWORD, Reason.WRONG_ENCODING, Reason.OCR_MISSING})
"""The configuration is at fault and not the file: never skipped."""


class UnreadableError(DocumentError):
    """A file that gives no text; its message leaves out the file, which the caller names."""

    def __init__(self, reason: Reason, problem: str) -> None:
        super().__init__(problem)
        self.reason = reason
        self.problem = problem
        """What is wrong; what to do."""


def more_telling(first: UnreadableError, second: UnreadableError) -> UnreadableError:
    """Return which of two parsers' failures to tell: the first's, unless the second says more."""
    return second if first.reason in VAGUE and second.reason not in VAGUE else first
