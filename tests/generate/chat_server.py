"""An OpenAI-compatible server on a real tiny model, which can be told to fail, and notes what it is asked."""

import asyncio
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response

from tasks.generate.pairs import Ask, Reply
from tasks.generate.teacher_config import OpenAITeacher
from tasks.generate.teachers.openai_api import RemoteTeacher

MODEL = "tiny"
QUESTIONS = [Ask(passage="p", answer=f"Statement number {at} is about bees.") for at in range(6)]
PASSAGES = [Ask(passage=f"p{at}", text=f"Text {at} is about bees.", count=2) for at in range(3)]


@dataclass(frozen=True)
class Fault:
    """What happens to one request instead of an answer."""

    status: int = 200
    seconds: float = 0
    """Time until then; the answer comes after it where the status is 200."""
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=lambda: {"error": {"message": "told to fail"}})


@dataclass(frozen=True)
class Received:
    """One request."""

    body: dict[str, Any]
    key: str
    at: float


@dataclass
class ChatServer:
    """What is told to the server, and what it saw."""

    url: str
    faults: deque[Fault] = field(default_factory=deque)
    """What happens to the next requests, one after the other."""
    key: str = ""
    """The key that is wanted; empty: none."""
    takes_schemas: bool = True
    seconds: float = 0
    """Time that each answer takes at least."""
    received: list[Received] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0


class Chat(Protocol):
    """Answers chats."""

    def reply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the chat completion to a request."""


class TinyChat:
    """The tiny model, which answers one conversation at a time."""

    def __init__(self, folder: Path) -> None:
        from tasks.models.loading import load_model, load_tokenizer

        self._tokenizer = load_tokenizer(folder)
        self._model = load_model(folder)

    def reply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a chat completion; a JSON schema is kept to."""
        from tasks.generate.teachers.decoding import SamplingSettings, decode_batch, shared_prefix, turn_ends
        from tasks.generate.teachers.grammar import Grammar

        text = self._tokenizer.apply_chat_template(
            body["messages"], tokenize=False, add_generation_prompt=True
        )
        prompt = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        size = self._model.config.vocab_size
        schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
        tokens = decode_batch(
            self._model,
            shared_prefix(self._model, []),
            [prompt],
            turn_ends(self._tokenizer, size),
            SamplingSettings(body["temperature"], body["top_p"], body["max_tokens"]),
            body["seed"],
            Grammar(self._tokenizer, size, schema).begin(1) if schema else None,
        )[0]
        text = self._tokenizer.decode(tokens, skip_special_tokens=True)
        return completion(text, len(prompt), len(tokens))


def completion(text: str, read: int, written: int) -> dict[str, Any]:
    """Return a chat completion as OpenAI spells it, with the tokens that were read and written."""
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
    }


@contextmanager
def serve(chat: Chat) -> Iterator[ChatServer]:
    """Serve on a free port of the loopback device until the block ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        seen = ChatServer(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        config = uvicorn.Config(_app(seen, chat), log_level="critical", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield seen
        finally:
            server.should_exit = True
            thread.join()


def config(server: ChatServer, **changed: object) -> OpenAITeacher:
    """Return a teacher of the served model."""
    settings = {"mode": "answer_first", "max_new_tokens": 8, "max_retries": 2, "timeout_seconds": 20}
    return OpenAITeacher(base_url=server.url, model_name=MODEL, **(settings | changed))


def ask(server: ChatServer, asks: list[Ask], **changed: object) -> list[Reply]:
    """Let a fresh teacher ask."""
    return RemoteTeacher(config(server, **changed))(asks, 7, lambda _: None)


def _app(server: ChatServer, chat: Chat) -> FastAPI:
    app = FastAPI()

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "us"}]}

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        server.under_way += 1
        server.most_under_way = max(server.most_under_way, server.under_way)
        try:
            return await _answer(server, chat, request)
        finally:
            server.under_way -= 1

    return app


async def _answer(server: ChatServer, chat: Chat, request: Request) -> Response:
    key = request.headers.get("authorization", "").removeprefix("Bearer ")
    body = await request.json()
    server.received.append(Received(body, key, time.monotonic()))
    if server.key and key != server.key:
        raise HTTPException(401, f"the key {key} is wrong")
    if body["model"] != MODEL:
        raise HTTPException(404, f"no model {body['model']}")
    fault = server.faults.popleft() if server.faults else Fault()
    await asyncio.sleep(server.seconds + fault.seconds)
    if fault.status != 200:
        return Response(json.dumps(fault.body), fault.status, fault.headers, media_type="application/json")
    if "response_format" in body and not server.takes_schemas:
        raise HTTPException(400, "response_format is not supported")
    return Response(json.dumps(await asyncio.to_thread(chat.reply, body)), media_type="application/json")
