# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium, driven by the DevTools protocol over one WebSocket."""

import base64
import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import websocket

# Chromium asks hosts of its maker for updates unless these forbid it. Root has no sandbox in a container.
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-allow-origins=*",
         "--remote-debugging-port=0")
SECONDS = 60.0


@dataclass
class Seen:
    """What happened while a page was loaded: the addresses of requests, and the texts of console, log and
    exceptions.
    """

    requests: list = field(default_factory=list)
    messages: list = field(default_factory=list)


class Chromium:
    """One browser with one tab."""

    def __init__(self, program: str, profile: Path) -> None:
        self._process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True, env=os.environ | {"HOME": str(profile)})
        self._number = 0
        self.seen = Seen()
        port, path = self._address(profile / "DevToolsActivePort")
        self._socket = websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=SECONDS)
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def _address(self, file: Path) -> list[str]:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            if file.exists() and len(lines := file.read_text().split()) == 2:
                return lines
            time.sleep(0.05)
        raise AssertionError(f"Chromium has not opened its port within {SECONDS:.0f} s")

    def close(self) -> None:
        """End the browser with all its processes."""
        self._session = None
        self.call("Browser.close")
        self._process.wait(timeout=SECONDS)

    def call(self, method: str, **params) -> dict:
        """Send a command and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        self._socket.send(json.dumps(message | ({"sessionId": self._session} if self._session else {})))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._note(answer)

    def _note(self, event: dict) -> None:
        method, params = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.seen.requests.append(params["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            self.seen.messages.append(str(params["args"]))
        elif method == "Runtime.exceptionThrown":
            self.seen.messages.append(params["exceptionDetails"]["text"])
        elif method == "Log.entryAdded":
            self.seen.messages.append(params["entry"]["text"])

    def show(self, path: Path, width: int, scheme: str = "light", media: str = "screen") -> Seen:
        """Load a file in a window of that width; return what happened."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.seen = Seen()
        self.call("Page.navigate", url=path.as_uri())
        until = time.monotonic() + SECONDS
        while self.value("document.readyState + location.href") != "complete" + path.as_uri():
            assert time.monotonic() < until, f"{path} is not loaded within {SECONDS:.0f} s"
            time.sleep(0.02)
        return self.seen

    def value(self, script: str):
        """Return the value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def picture(self, path: Path) -> None:
        """Write the whole page as PNG."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def paper(self, path: Path) -> bytes:
        """Write the page as PDF on A4 and return it."""
        found = self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=False, paperWidth=8.27,
                          paperHeight=11.69)
        path.write_bytes(base64.b64decode(found["data"]))
        return path.read_bytes()
