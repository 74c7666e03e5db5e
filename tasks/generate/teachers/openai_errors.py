"""What a remote teacher's failure means, in words that say what to do.

In: an error of the client library and the teacher's config. Out: one sentence. What a server writes
is quoted in one line at most, and never with the key in it.
"""

from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
)

from tasks.generate.teacher_config import OpenAITeacher
from tasks.kernel.errors import PipelineError

_QUOTED = 300
_ADDRESS = "correct teacher.base_url, which usually ends in /v1"


class TeacherError(PipelineError, ConnectionError):
    """A remote teacher that cannot be reached, or gives no answer that can be used."""


def explain(error: APIError, config: OpenAITeacher, key: str) -> str:
    """Return which teacher failed, how, and what to do about it."""
    said = _said(error)
    quoted = said.replace(key, "***") if key else said
    return _named(config, _remedy(error, config, " ".join(quoted.split())[:_QUOTED]))


def no_completion(config: OpenAITeacher) -> str:
    """Return what to do about a server that answers well, but not with a chat completion."""
    return _named(config, f"its answer is no chat completion; {_ADDRESS}")


def _said(error: APIError) -> str:
    if not isinstance(error, APIStatusError):
        return error.message
    # The library's message is its own words, and the server's where they stand where OpenAI has them.
    return error.message.partition(" - ")[2] or error.response.text


def _named(config: OpenAITeacher, fault: str) -> str:
    return f"teacher {config.model_name} at {config.base_url}: {fault}"


def _remedy(error: APIError, config: OpenAITeacher, said: str) -> str:  # noqa: PLR0911  # one case each
    tries = f"{config.max_retries + 1} tries"
    match error:
        case APITimeoutError():
            return (
                f"no answer within {config.timeout_seconds:g} s in {tries}; raise teacher.timeout_seconds,"
                " or lower teacher.concurrency or teacher.max_new_tokens"
            )
        case APIConnectionError():
            return (
                f"no connection in {tries} ({error.__cause__ or said}); start the server,"
                " or correct teacher.base_url"
            )
        case AuthenticationError() | PermissionDeniedError():
            return f"it refuses the key ({error.status_code}: {said}); {_key_remedy(config)}"
        case NotFoundError():
            return (
                f"it does not know this model or address (404: {said}); correct teacher.model_name"
                " (`/models` lists the names) or teacher.base_url, which usually ends in /v1"
            )
        case RateLimitError():
            return (
                f"too many requests in {tries} (429: {said}); lower teacher.requests_per_minute or"
                " teacher.concurrency, raise teacher.max_retries, or look at the account's quota"
            )
        case InternalServerError():
            return f"it failed in {tries} ({error.status_code}: {said}); its own log says why"
        case APIStatusError():
            return (
                f"it refuses the request ({error.status_code}: {said}); shorten the passages or lower"
                " teacher.max_new_tokens if they exceed its context, or set teacher.limit_field"
            )
        case _:
            return f"its answer cannot be read ({said}); {_ADDRESS}"


def _key_remedy(config: OpenAITeacher) -> str:
    if config.api_key_variable is None:
        return "set teacher.api_key_variable to the environment variable that holds one"
    return f"put a valid one into the environment variable {config.api_key_variable}"
