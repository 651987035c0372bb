"""A headless Chromium, driven over a pipe by its own protocol: nothing to install beside the browser.

What it saw is kept: `requests` (every address that it asked for), `problems` (errors and warnings of the console,
uncaught exceptions, refusals of the content security policy).
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import tempfile
import time
from base64 import b64decode
from pathlib import Path

import pytest

# snap's and Debian's names, and Google's own build
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars",
)  # fmt: skip
KEYS = {
    "Tab": 9,
    "Enter": 13,
    " ": 32,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "End": 35,
    "Home": 36,
}
SECONDS = 60


def program():
    """The browser's path, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


needs_chromium = pytest.mark.skipif(
    not program() and not os.environ.get("ISOBUDGET_REQUIRE_CHROMIUM"),
    reason="no Chromium: apt-get install chromium, and the page is tested in it",
)


def _pipe():
    """The two ends of a pipe, above the descriptors that Chromium wants."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high


class Browser:
    """One tab of a new Chromium with an empty profile."""

    def __init__(self):
        assert program(), "ISOBUDGET_REQUIRE_CHROMIUM is set, and there is no Chromium"
        self._profile = tempfile.mkdtemp(prefix="isobudget-chromium-")
        command = [program(), *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={self._profile}", "about:blank"]
        commands, self._write = _pipe()
        self._read, events = _pipe()
        # it reads commands from descriptor 3 and writes to 4
        places = [(os.POSIX_SPAWN_DUP2, commands, 3), (os.POSIX_SPAWN_DUP2, events, 4)]
        places += [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
        self._process = os.posix_spawn(command[0], command, os.environ, file_actions=places, setpgroup=0)
        os.close(commands)
        os.close(events)
        self._left, self._number, self._session = b"", 0, None
        self.requests, self.problems, self._loaded = [], [], False
        target = next(t for t in self.send("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self._session = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def close(self):
        with contextlib.suppress(OSError, AssertionError):
            self.send("Browser.close")
        end = time.monotonic() + 10
        while not os.waitpid(self._process, os.WNOHANG)[0]:
            if time.monotonic() > end:
                os.killpg(self._process, signal.SIGKILL)
                end += SECONDS
            time.sleep(0.02)
        os.close(self._write)
        os.close(self._read)
        shutil.rmtree(self._profile, ignore_errors=True)

    def open(self, file, width=1280, height=900, dark=False, script=True):
        """Show a file of this machine, in a window of a size, and wait until it is loaded."""
        self.requests, self.problems, self._loaded = [], [], False
        phone = width < 600
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.send("Emulation.setScriptExecutionDisabled", value=not script)
        self.send("Page.navigate", url=Path(file).absolute().as_uri())
        self._wait(lambda: self._loaded, "the page was not loaded")
        if script:
            ready = "document.documentElement.dataset.ready === 'yes'"
            self._wait(lambda: self.problems or self.run(ready), "the page's script did not end")

    def run(self, expression):
        """The value of a JavaScript expression in the page."""
        done = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, expression):
        """Until an expression is true in the page."""
        self._wait(lambda: self.run(f"Boolean({expression})"), f"never true: {expression}")

    def texts(self, selector):
        """The text of every element that a selector finds and that is shown, white space made one blank."""
        return self.run(
            f"[...document.querySelectorAll({json.dumps(selector)})].filter(each => each.checkVisibility())"
            ".map(each => each.textContent.replace(/\\s+/g, ' ').trim())"
        )

    def place(self, selector):
        """The middle of an element, scrolled into view, in the window's pixels."""
        found = json.dumps(selector)
        return self.run(
            f"(() => {{ const each = document.querySelector({found}); each.scrollIntoView({{block: 'center'}});"
            "const box = each.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )

    def click(self, selector):
        """Press the left button on an element, as a hand does."""
        x, y = self.place(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def point(self, x, y):
        """Move the pointer to a place in the window."""
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press(self, key, times=1):
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
                self.send(
                    "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key], **text
                )

    def picture(self, file, whole=False):
        """Write what is shown, or the whole page, as a PNG file."""
        done = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        Path(file).write_bytes(b64decode(done["data"]))

    def send(self, method, **parameters):
        """Ask the browser one thing and return its answer; what it says meanwhile is noted."""
        self._number += 1
        number, message = self._number, {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def _wait(self, true, otherwise):
        end = time.monotonic() + SECONDS
        while not true():
            assert time.monotonic() < end, otherwise
            self.send("Runtime.evaluate", expression="1")  # what the browser has to say comes with the answer
            time.sleep(0.02)

    def _next(self):
        while b"\0" not in self._left:
            read = os.read(self._read, 1 << 16)
            assert read, "Chromium ended"
            self._left += read
        one, _, self._left = self._left.partition(b"\0")
        message = json.loads(one)
        self._note(message.get("method"), message.get("params", {}))
        return message

    def _note(self, method, said):
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.problems.append(said["exceptionDetails"].get("exception", {}).get("description", "exception"))
        elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.problems.append(said["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
            self.problems.append(str([each.get("value") for each in said["args"]]))
