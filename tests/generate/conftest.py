"""The corpus that most tests of generation start from, and a served model for those that ask one."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from generate_corpus import passages, write_corpus

if TYPE_CHECKING:
    from chat_server import ChatServer, TinyChat


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus", passages(12), [])


@pytest.fixture(scope="session")
def tiny_chat(tmp_path_factory: pytest.TempPathFactory) -> "TinyChat":
    """Return a tiny real model that answers chats."""
    from chat_server import TinyChat

    from tasks.models.sources import TinyModel
    from tasks.models.tiny import save_tiny_model

    folder = tmp_path_factory.mktemp("tiny-chat")
    save_tiny_model(folder, TinyModel())
    return TinyChat(folder)


@pytest.fixture
def server(tiny_chat: "TinyChat") -> Iterator["ChatServer"]:
    """Serve it the way OpenAI does."""
    from chat_server import serve

    with serve(tiny_chat) as started:
        yield started
