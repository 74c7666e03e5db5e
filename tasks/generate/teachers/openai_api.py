"""Ask a model behind an OpenAI-compatible server, many requests at a time.

In: a teacher's config and asks. Out: one reply an ask, in their order whichever comes back first.
Pauses and repetitions are the client library's own; the rate limit sits below them, in its
connection, so that a repeated request counts as one.
"""

import asyncio
import logging
import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from aiolimiter import AsyncLimiter
from openai import (
    APIError,
    AsyncOpenAI,
    BadRequestError,
    DefaultAsyncHttpxClient,
    Omit,
    UnprocessableEntityError,
    omit,
)
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam
from openai.types.shared_params import ResponseFormatJSONSchema

from tasks.generate.pairs import Ask, Reply, Report, RequestLimitError
from tasks.generate.teacher_config import OpenAITeacher
from tasks.generate.teachers.openai_errors import TeacherError, explain, no_completion
from tasks.generate.teachers.prompts import messages, pairs_schema
from tasks.generate.teachers.seeds import ask_seed
from tasks.kernel.errors import ConfigError

if TYPE_CHECKING:
    import httpx2

logger = logging.getLogger(__name__)

_SECONDS_A_MINUTE = 60


class RemoteTeacher:
    """Asks over HTTP."""

    def __init__(self, config: OpenAITeacher) -> None:
        """Read the key; raise ConfigError where its variable is not set."""
        self._config = config
        self._key = _key(config)
        self._asked = 0
        self._takes_schemas = config.constrained
        # One line for each request would drown the run's log.
        logging.getLogger("httpx2").setLevel(logging.WARNING)

    def __call__(self, asks: Sequence[Ask], seed: int, report: Report) -> list[Reply]:
        """Return the replies in the order of `asks`.

        Raises RequestLimitError where they would exceed the requests of a run, and TeacherError where the
        server cannot be reached, refuses, or still fails when everything was tried.
        """
        limit = self._config.max_requests
        if limit is not None and self._asked + len(asks) > limit:
            raise RequestLimitError(f"{limit} requests (max_requests)")
        self._asked += len(asks)
        return asyncio.run(self._ask_all(asks, seed, report))

    async def _ask_all(self, asks: Sequence[Ask], seed: int, report: Report) -> list[Reply]:
        limiter = _limiter(self._config)
        slots = asyncio.Semaphore(self._config.concurrency)
        written = 0

        async def answer(client: AsyncOpenAI, place: int, ask: Ask) -> Reply:
            nonlocal written
            async with slots:
                reply = await self._reply(client, ask, ask_seed(seed, place))
            written += 1
            report(written)
            return reply

        async with _client(self._config, self._key, limiter) as client:
            tasks = [asyncio.create_task(answer(client, place, ask)) for place, ask in enumerate(asks)]
            try:
                replies = await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        # The limiter ends with this event loop, so the next group must not begin before a request is due.
        await limiter.acquire()
        return replies

    async def _reply(self, client: AsyncOpenAI, ask: Ask, seed: int) -> Reply:
        try:
            completion = await self._completion(client, ask, seed)
        except APIError as error:
            if error.code == "content_filter":
                logger.warning("%s: the server's content filter refuses this passage", ask.passage)
                return Reply(text="")
            raise TeacherError(explain(error, self._config, self._key)) from error
        if not isinstance(completion, ChatCompletion) or not completion.choices:
            raise TeacherError(no_completion(self._config))
        usage = completion.usage
        return Reply(
            text=completion.choices[0].message.content or "",
            input_tokens=usage.prompt_tokens if usage else 0,
            output_tokens=usage.completion_tokens if usage else 0,
        )

    async def _completion(self, client: AsyncOpenAI, ask: Ask, seed: int) -> ChatCompletion:
        """Return the server's answer; one that refuses the schema but answers without is asked without."""
        if ask.answer or not self._takes_schemas:
            return await self._send(client, ask, seed, omit)
        try:
            return await self._send(client, ask, seed, _response_format(ask))
        except (BadRequestError, UnprocessableEntityError) as error:
            if error.code == "content_filter":
                raise
            completion = await self._send(client, ask, seed, omit)
            if self._takes_schemas:
                self._takes_schemas = False
                logger.warning(
                    "%s takes no JSON schema (%d); replies are read as they come",
                    self._config.base_url,
                    error.status_code,
                )
            return completion

    async def _send(
        self,
        client: AsyncOpenAI,
        ask: Ask,
        seed: int,
        response_format: ResponseFormatJSONSchema | Omit,
    ) -> ChatCompletion:
        config = self._config
        return await client.chat.completions.create(
            model=config.model_name,
            messages=cast("list[ChatCompletionMessageParam]", messages(ask)),
            temperature=config.temperature,
            top_p=config.top_p,
            seed=seed,
            response_format=response_format,
            extra_body={config.limit_field: config.max_new_tokens},
        )


def _key(config: OpenAITeacher) -> str:
    if config.api_key_variable is None:
        return ""
    key = os.environ.get(config.api_key_variable, "").strip()
    if not key:
        raise ConfigError(
            f"teacher.api_key_variable: {config.api_key_variable} is not set; export it with the key,"
            " or leave the field out for a server that needs none"
        )
    return key


def _limiter(config: OpenAITeacher) -> AsyncLimiter:
    if config.requests_per_minute is None:
        return AsyncLimiter(math.inf)
    return AsyncLimiter(1, _SECONDS_A_MINUTE / config.requests_per_minute)


def _client(config: OpenAITeacher, key: str, limiter: AsyncLimiter) -> AsyncOpenAI:
    async def pace(request: "httpx2.Request") -> None:  # noqa: ARG001  # a hook
        await limiter.acquire()

    # A hook sees repeated requests too, which a limit around the call would not.
    http = DefaultAsyncHttpxClient(timeout=config.timeout_seconds, event_hooks={"request": [pace]})
    return AsyncOpenAI(
        base_url=config.base_url,
        api_key=key or "none",  # the library insists on one
        timeout=config.timeout_seconds,
        max_retries=config.max_retries,
        http_client=http,
    )


def _response_format(ask: Ask) -> ResponseFormatJSONSchema:
    """Return the schema of an object that holds the list: services refuse a list at the top."""
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"pairs": pairs_schema(ask.count)},
        "required": ["pairs"],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "pairs", "schema": schema, "strict": True}}
