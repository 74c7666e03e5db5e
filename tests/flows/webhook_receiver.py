"""A web server of the test's own that keeps what is sent to it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    """The messages that have arrived."""

    url: str = ""
    messages: list[dict[str, str]] = field(default_factory=list)

    def message(self, *words: str, seconds: float = 60) -> dict[str, str]:
        """Wait for a message that holds all the words, and return it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for message in self.messages:
                if all(word in message["subject"] + message["body"] for word in words):
                    return message
            time.sleep(0.2)
        raise TimeoutError(f"no message with {words} among {self.messages}")


@contextmanager
def webhook_receiver() -> Iterator[Received]:
    """Listen on loopback while the block runs."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.messages.append(json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        received.url = f"http://127.0.0.1:{server.server_address[1]}/secret-token"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield received
        server.shutdown()
