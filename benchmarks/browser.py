"""A headless Chromium that is told what to do over its DevTools protocol.

In: addresses and JavaScript. Out: pictures. A single-page application is ready when something stands on
it, and never when it has loaded: so every picture waits for an expression to become true.
"""

import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from tasks.kernel.errors import ServiceError

_WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.25
_SETTLE_SECONDS = 2.0
"""Charts move into their places after their data have come."""


class Page:
    """One tab."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = count(1)

    def open(self, url: str, ready: str) -> None:
        """Go to `url` and wait until the expression `ready` is true."""
        self._call("Page.navigate", url="about:blank")
        self._call("Page.navigate", url=url)
        self.wait(ready)

    def wait(self, ready: str) -> None:
        """Wait until an expression is true; raise ServiceError where it stays false."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while not self.evaluate(f"Boolean({ready})"):
            if time.monotonic() > deadline:
                raise ServiceError(f"the page does not show what it should: {ready}")
            time.sleep(_POLL_SECONDS)
        time.sleep(_SETTLE_SECONDS)

    def evaluate(self, expression: str) -> object:
        """Return the value of a JavaScript expression."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Click on the first element that `selector` finds, if there is one."""
        self.evaluate(f"document.querySelector({json.dumps(selector)})?.click()")

    def write(self, selector: str, text: str) -> None:
        """Write into a field, as a keyboard does."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        self._call("Input.insertText", text=text)

    def resize(self, width: int, height: int) -> None:
        """Make the tab so many pixels wide and high."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", **size)

    def photograph(self, picture: Path) -> None:
        """Save what the tab shows."""
        time.sleep(_SETTLE_SECONDS)
        picture.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._connection.recv(_WAIT_SECONDS))
            if answer.get("id") == number:
                return dict(answer.get("result", {}))


@contextmanager
def browser(width: int, height: int) -> Iterator[Page]:
    """Give a tab of a new browser; raise ServiceError where there is no Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise ServiceError("chromium: not found; install it, for example with `apt install chromium`")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        command += [f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            with connect(_tab(Path(profile) / "DevToolsActivePort"), max_size=None) as connection:
                page = Page(connection)
                page.resize(width, height)
                yield page
        finally:
            process.terminate()
            process.wait()


def _tab(file: Path) -> str:
    """Return the address of the browser's first tab, once the browser has written its port down."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while not (file.is_file() and file.read_text(encoding="utf-8").count("\n")):
        if time.monotonic() > deadline:
            raise ServiceError("chromium does not start")
        time.sleep(_POLL_SECONDS)
    port = file.read_text(encoding="utf-8").split()[0]
    tabs = httpx.get(f"http://127.0.0.1:{port}/json/list").json()
    return next(str(tab["webSocketDebuggerUrl"]) for tab in tabs if tab["type"] == "page")
