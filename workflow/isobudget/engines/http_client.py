"""One OpenAI-compatible server: how hard it is asked, what is asked again, and what went wrong in one sentence.

Requests in flight are bounded, here and over all jobs of the machine that ask the same server. What may pass is
repeated with growing pauses, or after those that the server names; a mistake that repeating cannot mend stops the job.
"""

import asyncio
import collections
import contextlib
import datetime
import email.utils
import fcntl
import hashlib
import itertools
import json
import os
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx2

from isobudget.engines import connection, refusals
from isobudget.engines.rate_limit import Pace
from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.tables import writable

CONNECT_SECONDS = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between one try and the next, doubled each time
LONGEST_WAIT = 900.0  # a server that wants more than that is asked again by another run
GREETINGS = 3  # tries to reach the server at all, before anything is asked
MEETING = "/tmp"  # not TMPDIR, as in engines.gpu_leases

# Servers that add to sampling by themselves what a model's generation_config.json or their own defaults say, by who
# owns their models in /models, and what switches it off there. Nobody else is sent anything of this: many refuse it.
SWITCHED_OFF = {
    "vllm": {"top_p": 1.0, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0},
    "sglang": {"top_p": 1.0, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0},
    "llamacpp": {"top_p": 1.0, "top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0},
}

LEARNING = (400, 403, 422, 500, 501)  # statuses with which a key of the request is refused

# What reading an answer raises that is not what the API gives: another kind, a key that is not there.
MALFORMED = (AttributeError, LookupError, TypeError, ValueError, ArithmeticError)


class BrokeOff(Exception):
    """An answer says itself that the server did not finish it; it is asked for again."""


class Question(NamedTuple):
    """One request: path below the URL, JSON object, what messages call it, tokens at most, and what it is about."""

    path: str
    body: dict[str, Any]
    name: str
    tokens: int
    about: Any


class Server:
    """A server, as one job asks it."""

    def __init__(self, reach: Mapping[str, Any], model: str):
        """Open nothing yet.

        Args:
            reach: url, key_env, concurrency, timeout, retries, requests_per_minute, tokens_per_minute, logprobs.
            model: its name in the study, for messages.

        Raises:
            StudyError: the environment has no key.
        """
        self.url = reach["url"].rstrip("/")
        self.setting = f"models.{model}"
        self.key_env = reach["key_env"]
        self.concurrency, self.timeout, self.retries = reach["concurrency"], reach["timeout"], reach["retries"]
        self.logprobs = reach.get("logprobs", True)  # whether it is asked for any
        self.versions: set[str] = set()  # what it says it is
        self.repeated = 0
        self.written = 0  # completion tokens that it counted, those included that it shows nobody
        self._key = self._key_of_environment()
        # as it is, or as JSON, Python or an address writes it
        forms = (rf"(?:\\{{0,3}}{re.escape(one)}|(?:%|\\u00){ord(one):02x})" for one in self._key or "")
        self._written_key = re.compile("".join(forms), re.IGNORECASE) if self._key else None
        self._pace = Pace(reach["requests_per_minute"], reach["tokens_per_minute"])
        self._client: httpx2.AsyncClient  # while it is asked
        self._failed = False
        self._answers = False  # whether it has given an answer of this API
        self._switched_off: dict[str, float] = {}
        # by path, the keys that it was found not to take there
        self._without: dict[str, set[str]] = collections.defaultdict(set)

    @property
    def without(self) -> set[str]:
        """The keys that it was found not to take, a set of str; refusals.RENAMED has what stands for some."""
        return set().union(*self._without.values())

    @property
    def switched_off(self) -> dict[str, float]:
        """What it would add to sampling by itself and is asked not to, {key: value}; known once something was asked."""
        return {key: value for key, value in self._switched_off.items() if key not in self.without}

    def ask(
        self,
        questions: list[Question],
        read: Callable[[Question, dict[str, Any]], Any],
        take: Callable[[Question, Any], Iterable[Question]],
    ) -> float:
        """Put questions, `concurrency` at once, until all are answered.

        Args:
            questions: list of Question.
            read: what to make of (Question, answer), the answer's JSON object; it may raise BrokeOff, and whatever
                else an answer leads it to that is not what the API gives.
            take: called with (Question, what `read` made) in the order of answers; returns Questions that are to
                follow.

        Returns:
            Seconds, without those that another job was waited for.

        Raises:
            StudyError: one failed for good. Those in flight were awaited and taken, none was begun after.
        """
        if not questions:
            return 0.0
        with self._place():
            started = time.monotonic()
            asyncio.run(self._ask(questions, read, take))
            return time.monotonic() - started

    async def _ask(self, questions, read, take):
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
        client = connection.client(self.url, self.setting, headers=headers, timeout=timeout, limits=limits)
        async with client as self._client:
            await self._greet()
            waiting, failed = list(reversed(questions)), None
            flying: dict[asyncio.Task[Any], Question] = {}
            try:
                while flying or (waiting and not failed):
                    while waiting and not failed and len(flying) < self.concurrency:
                        question = waiting.pop()
                        flying[asyncio.create_task(self._answer(question, read))] = question
                    landed, _ = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
                    for task in landed:
                        question = flying.pop(task)
                        try:
                            waiting.extend(take(question, task.result()))
                        except StudyError as error:
                            failed = failed or error
                            self._failed = True
            finally:
                for task in flying:
                    task.cancel()
        if failed:
            raise failed

    async def _greet(self):
        """Ask who is there; say at once that nobody is, rather than after every request was tried many times."""
        for attempt in range(GREETINGS):
            await asyncio.sleep(FIRST_PAUSE * attempt)
            reason = None
            try:
                response = await self._client.get(f"{self.url}/models", timeout=CONNECT_SECONDS)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                reason = str(error) or "no connection in time"
            except httpx2.RequestError:
                pass  # busy; the requests themselves will tell
            else:
                if response.headers.get("server"):
                    self.versions.add(self._plain(response.headers["server"]))
                self._switched_off = _switched_off(_json_of(response))
                if response.status_code < 500:
                    return
        if reason:
            _, proxy = connection.proxy_of(self.url)
            through = f"; it was asked through the proxy that {proxy} names" if proxy else ""
            raise StudyError(
                f"{self.setting}: {self.url} does not answer ({self._plain(reason)}){through}; start the server, or "
                f"correct {self.setting}.url."
            )

    async def _answer(self, question, read):
        """What `read` makes of the server's answer, asked as often as it takes."""
        tried = 0
        for pause in itertools.chain([0.0], self._pauses()):
            await asyncio.sleep(pause)
            if tried and self._failed:
                break  # the job is over; only what is in flight is waited for
            await self._pace.turn(question.tokens)
            answer = reason = None
            while answer is None and reason is None:  # asked again without what it refused
                answer, reason, wait = await self._try(question)
            if answer is not None:
                counted = usage(answer)
                self._pace.correct((counted.get("total_tokens") or question.tokens) - question.tokens)
                try:
                    found = read(question, answer)
                except BrokeOff as error:
                    reason = self._plain(error)
                except MALFORMED:
                    raise self._malformed(question, answer) from None
                else:
                    self.written += counted.get("completion_tokens", 0)
                    if answer.get("system_fingerprint"):
                        self.versions.add(self._plain(answer["system_fingerprint"]))
                    return found
            tried += 1
            if tried > self.retries:
                break
            self.repeated += 1
            if wait:
                self._pace.hold(wait)
        often = f"{tried} times" if tried > 1 else "once"
        raise StudyError(
            f"{self.setting}: asked for {question.name}, {self.url} {reason}, {often}; see to the server, or lower "
            f"{self.setting}.concurrency. What came back is kept: run again to go on."
        )

    def _malformed(self, question, answer):
        return StudyError(
            f"{self.setting}: asked for {question.name}, {self.url} gives what is no answer of this API "
            f"({self._plain(json.dumps(answer))}); see to the server, or correct {self.setting}.url. What came back is "
            "kept: run again to go on."
        )

    def _pauses(self):
        for attempt in itertools.count():
            # jitter, or all that were refused together would come back together
            yield min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt) * random.uniform(0.5, 1.5)

    async def _try(self, question):
        """(answer, reason, wait): the answer, or why to ask again and the seconds that the server wants, or nothing."""
        sent = self._acceptable(question)
        try:
            async with asyncio.timeout(self.timeout):
                response = await self._client.post(self.url + question.path, json=sent)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            return None, f"does not answer ({self._plain(error) or 'no connection in time'})", None
        except TimeoutError:
            return None, f"gave no answer within {self.timeout:g} seconds ({self.setting}.timeout)", None
        except httpx2.RequestError as error:  # the bytes may also be packed in another way than they say
            return None, f"broke off ({self._plain(error) or type(error).__name__})", None
        found = _json_of(response)
        status, words = response.status_code, self._words(response, found)
        if response.is_success:
            if isinstance(found, dict) and isinstance(found.get("choices"), list) and found["choices"]:
                self._answers = True
                return found, None, None
            if (other := _no_answer(response, found)) and not self._answers:
                raise self._elsewhere(question, other, words)
            # some gateways wrap the refusal of the server behind them
            inner = found.get("error") if isinstance(found, dict) else None
            if isinstance(inner, dict) and isinstance(inner.get("code"), int):
                status = inner["code"]
        return self._refused(question, sent, status, words, found, response)

    def _elsewhere(self, question, what, words):
        """The error for a success that is none: somebody else answers there, or in another way."""
        advice = f"correct {self.setting}.url, to which {question.path} is added"
        if what == "an event stream":
            advice = "which nobody asked for: have the server, or the gateway before it, answer in one piece"
        return StudyError(
            f"{self.setting}: asked for {question.name}, {self.url}{question.path} answers with {what} "
            f"({words or 'nothing'}); {advice}."
        )

    def _refused(self, question, sent, status, words, found, response):
        said = f"{status}: {words}" if words else f"status {status}"
        if status in LEARNING and (key := refusals.refused_key(found, response.text, sent)):
            self._without[question.path].add(key)
            return None, None, None  # asked again without it
        if status in (401, 403):
            told = (
                f"put the right one into the environment variable {self.key_env}"
                if self.key_env
                else f"name the environment variable that holds yours in {self.setting}.key_env"
            )
            raise StudyError(f"{self.setting}: {self.url} does not accept the key ({said}); {told}.")
        if status in (404, 405):
            raise StudyError(
                f"{self.setting}: {self.url} knows no model {sent['model']!r} at {question.path} ({said}); correct "
                f"{self.setting}.served, or {self.setting}.url, which ends before {question.path}."
            )
        if 300 <= status < 400:
            place = self._plain(response.headers.get("location") or "another address")
            raise StudyError(f"{self.setting}: {self.url} sends requests on to {place}; correct {self.setting}.url.")
        if "insufficient_quota" in json.dumps(found):
            raise StudyError(f"{self.setting}: {self.url} says that the account is used up ({said}).")
        if status in (408, 409, 429) or status >= 500 or 200 <= status < 300:
            wait = _seconds(response.headers.get("retry-after"))
            if wait and wait > LONGEST_WAIT:
                raise StudyError(
                    f"{self.setting}: {self.url} wants to be left alone for {wait:.0f} seconds ({said}); run again "
                    "then, what came back is kept."
                )
            return None, f"answers with {said}", wait
        advice = self._advice(sent, words)
        raise StudyError(f"{self.setting}: {self.url} refuses what {question.name} asks ({said}){advice}.")

    def _advice(self, sent, words):
        """Which key of the study decides what a refusal names; "" where that is not clear."""
        if "top_p" in sent and refusals.names("top_p", words):
            return "; 'decoding.top_p: null' sends none"
        if "temperature" in sent and refusals.names("temperature", words):
            if sent["temperature"] == 0:
                return f"; '{self.setting}.greedy: false' draws no greedy samples, which are asked at temperature 0"
            return "; set decoding.temperature to one that it takes, perhaps 1, the API's own"
        if "logprobs" in sent and "echo" not in sent and refusals.names("logprobs", words):
            return f"; '{self.setting}.logprobs: false' asks for none"
        if refusals.names("max_tokens", words) or "context length" in words:
            return "; decoding.max_tokens is what is asked of every problem"
        return ""

    def _acceptable(self, question):
        """The body without what the server was found not to take there, and with what keeps it from adding anything."""
        without, body = self._without[question.path], question.body
        if "echo" not in body:  # where nothing is drawn nothing is added
            body = self._switched_off | body
        sent = {key: value for key, value in body.items() if key not in without or key == "stop"}
        for key in without & body.keys() & refusals.RENAMED.keys():
            sent[refusals.RENAMED[key]] = body[key]
        if "stop" in without and "stop" in body:
            sent["stop"] = body["stop"][: refusals.FEW_STOPS]
        return sent

    def _key_of_environment(self):
        if self.key_env is None:
            return None
        key = os.environ.get(self.key_env, "").strip()
        if not key or not key.isascii() or not key.isprintable():
            raise StudyError(
                f"{self.setting}.key_env: the environment variable {self.key_env} holds no key; "
                f"export {self.key_env}=... and run again."
            )
        return key

    def _words(self, response, found):
        """What the server says, as one short line."""
        error = found.get("error", found) if isinstance(found, dict) else found
        if isinstance(error, dict):
            error = error.get("message") or error.get("detail") or error
        return self._plain(error if isinstance(error, str) else json.dumps(error) if error else response.text)

    def _plain(self, text):
        """A text of the server's for people, without the key, which some repeat."""
        words = str(text)
        if self._written_key:
            words = self._written_key.sub("***", words)  # before it is cut, which could leave half of the key
        return writable(" ".join(words.split())[:300])

    @contextlib.contextmanager
    def _place(self):
        """Hold the one place at the server, so that `concurrency` bounds all jobs of this machine together."""
        address = urlsplit(self.url)
        digest = hashlib.sha256(f"{address.scheme}://{address.netloc}".encode()).hexdigest()[:16]
        with _opened(f"isobudget-{os.getuid()}-{digest}.lock", self.setting) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stage.say(f"{self.setting}: another job asks {self.url}; waiting for it to end")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _opened(name, setting):
    """A file to lock, where all jobs of this machine meet: not in XDG_RUNTIME_DIR or TMPDIR, which are a session's."""
    for folder in dict.fromkeys((MEETING, tempfile.gettempdir())):
        with contextlib.suppress(OSError):
            return os.fdopen(os.open(os.path.join(folder, name), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
    raise StudyError(
        f"{setting}: jobs that ask one server take turns by a file {name} in {MEETING}, and this user may not write it "
        "there; see whose it is."
    )


def _switched_off(models):
    """What to switch off at the server that answers so to /models."""
    entries = models.get("data") if isinstance(models, dict) else None
    owners = [str(one.get("owned_by")) for one in entries if isinstance(one, dict)] if isinstance(entries, list) else ()
    return next((SWITCHED_OFF[owner] for owner in owners if owner in SWITCHED_OFF), {})


def _no_answer(response, found):
    """What a success holds that is no answer of this API, in words; None where it is one, be it odd or broken off."""
    if response.headers.get("content-type", "").startswith("text/event-stream") or response.text.startswith("data:"):
        return "an event stream"
    if found is None:
        return None if "json" in response.headers.get("content-type", "") else "no JSON"
    return None if isinstance(found, dict) and ("choices" in found or "error" in found) else "other JSON"


def usage(answer: dict[str, Any]) -> dict[str, int]:
    """The tokens that an answer counts, {name: number}; what is no number of tokens is as if it were not there."""
    counted = answer.get("usage")
    items = counted.items() if isinstance(counted, dict) else ()
    known = {name: value for name, value in items if type(value) in (int, float) and 0 <= value < 2**31}
    return {name: int(value) for name, value in known.items() if value == int(value)}


def _json_of(response):
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _seconds(retry_after):
    """Seconds of a Retry-After header, which holds seconds or a date; None if it holds neither."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        until = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if until.tzinfo is None:  # written as C does, or with -0000: of no time zone, and meant as UTC
        until = until.replace(tzinfo=datetime.UTC)
    return max(0.0, (until - datetime.datetime.now(datetime.UTC)).total_seconds())
