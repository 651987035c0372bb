"""A small HTTP server that answers as a test says, to see what the endpoint engine makes of refusals and delays."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from isobudget.files.tables import write_json

REACH = {"key_env": None, "concurrency": 4, "timeout": 20.0, "retries": 4}
REACH |= {"requests_per_minute": None, "tokens_per_minute": None}


def choice(text, index=0, finish="stop", **more):
    return {"index": index, "text": text, "finish_reason": finish} | more


def answer(body, tokens=5):
    """What an obliging server says: n numbered choices that repeat the prompt and the seed."""
    asked = body["messages"][0]["content"] if "messages" in body else body["prompt"]
    texts = [f"{asked} {body.get('seed', 0) + number}" for number in range(body.get("n", 1))]
    choices = [choice(text, index) for index, text in enumerate(texts)]
    if "messages" in body:
        for one in choices:
            one["message"] = {"role": "assistant", "content": one.pop("text")}
    usage = {"prompt_tokens": 7, "completion_tokens": tokens * len(choices), "total_tokens": 7 + tokens * len(choices)}
    return 200, {"choices": choices[::-1], "usage": usage}


class Answering:
    """`say(body, number)` returns (status, object) or (status, object, headers); number counts requests from 0.

    `owner` is who owns its models, by which servers are known that add to sampling by themselves.
    """

    def __init__(self, say, owner):
        self.say, self.owner = say, owner
        self.bodies, self.paths, self.times, self.keys = [], [], [], []
        self.flying = self.most = 0
        self._lock = threading.Lock()

    def models(self):
        """What it says to /models."""
        return 200, {"object": "list", "data": [{"id": "small", "owned_by": self.owner}]}

    def taken(self, path, body, key):
        with self._lock:
            self.bodies.append(body)
            self.paths.append(path)
            self.times.append(time.monotonic())
            self.keys.append(key)
            self.flying += 1
            self.most = max(self.most, self.flying)
            return len(self.bodies) - 1

    def landed(self):
        with self._lock:
            self.flying -= 1

    def reach(self, **changes):
        return REACH | {"url": self.url} | changes

    def file(self, folder, **changes):
        """results/servers/{model}.json of this server."""
        write_json(folder / "server.json", self.reach(**changes))
        return folder / "server.json"


@contextlib.contextmanager
def answering(say=lambda body, number: answer(body), owner="somebody"):
    """Run an Answering on a free port of this machine."""
    told = Answering(say, owner)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send(*told.models())

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            number = told.taken(self.path, body, self.headers.get("Authorization"))
            try:
                said = told.say(body, number)
            finally:
                told.landed()
            with contextlib.suppress(OSError):  # who gave up does not listen
                self.send(*said)

        def send(self, status, value, headers=None):
            text = (value if isinstance(value, str) else json.dumps(value)).encode()
            self.send_response(status)
            for name, content in ({"Content-Type": "application/json"} | (headers or {})).items():
                self.send_header(name, content)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 256

    with Server(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield told
        finally:
            server.shutdown()
