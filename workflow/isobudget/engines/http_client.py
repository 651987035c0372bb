"""One OpenAI-compatible server: how hard it is asked, what is asked again, and what went wrong in one sentence.

Requests in flight are bounded, here and over all jobs of the machine that ask the same server. What may pass is
repeated with growing pauses, or after those that the server names; a mistake that repeating cannot mend stops the job.
"""

import asyncio
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
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2

from isobudget.engines.rate_limit import Pace
from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.tables import writable

CONNECT_SECONDS = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between one try and the next, doubled each time
LONGEST_WAIT = 900.0  # a server that wants more than that is asked again by another run
GREETINGS = 3  # tries to reach the server at all, before anything is asked
FEW_STOPS = 4  # what the servers that count stop sequences take

# What a server may refuse without changing what a completion is: it is asked again without. `top_k` and its like only
# switch off what some servers do by themselves.
OPTIONAL = ("n", "logprobs", "seed", "stop", "max_tokens", "top_k", "min_p", "repetition_penalty")

# What reading an answer raises that is not what the API gives: another kind, a key that is not there.
MALFORMED = (AttributeError, LookupError, TypeError, ValueError, ArithmeticError)


class BrokeOff(Exception):
    """An answer says itself that the server did not finish it; it is asked for again."""


class Question(NamedTuple):
    """One request: path below the URL, JSON object, what messages call it, tokens at most, and what it is about."""

    path: str
    body: dict
    name: str
    tokens: int
    about: object


class Server:
    """A server, as one job asks it."""

    def __init__(self, reach, model):
        """Open nothing yet.

        Args:
            reach: url, key_env, concurrency, timeout, retries, requests_per_minute, tokens_per_minute.
            model: its name in the study, for messages.

        Raises:
            StudyError: the environment has no key.
        """
        self.url = reach["url"].rstrip("/")
        self.setting = f"models.{model}"
        self.key_env = reach["key_env"]
        self.concurrency, self.timeout, self.retries = reach["concurrency"], reach["timeout"], reach["retries"]
        self.without = set()  # those of OPTIONAL that it was found not to take
        self.versions = set()  # what it says it is
        self.repeated = 0
        self.written = 0  # completion tokens that it counted, those included that it shows nobody
        self._key = self._key_of_environment()
        # as it is, or as JSON, Python or an address writes it
        forms = (rf"(?:\\{{0,3}}{re.escape(one)}|(?:%|\\u00){ord(one):02x})" for one in self._key or "")
        self._written_key = re.compile("".join(forms), re.IGNORECASE) if self._key else None
        self._pace = Pace(reach["requests_per_minute"], reach["tokens_per_minute"])
        self._client = None
        self._failed = False

    def ask(self, questions, read, take):
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
        async with httpx2.AsyncClient(headers=headers, timeout=timeout, limits=limits) as self._client:
            await self._greet()
            waiting, flying, failed = list(reversed(questions)), {}, None
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
        """Say at once that nobody is there, rather than after every request was tried many times."""
        for attempt in range(GREETINGS):
            try:
                response = await self._client.get(f"{self.url}/models", timeout=CONNECT_SECONDS)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                reason = str(error) or "no connection in time"
                await asyncio.sleep(FIRST_PAUSE * attempt)
            except httpx2.RequestError:
                return  # busy; the requests themselves will tell
            else:
                if response.headers.get("server"):
                    self.versions.add(self._plain(response.headers["server"]))
                return
        raise StudyError(
            f"{self.setting}: {self.url} does not answer ({self._plain(reason)}); start the server, or correct "
            f"{self.setting}.url."
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
        sent = self._acceptable(question.body)
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
        if response.is_success and isinstance(found, dict):
            if isinstance(found.get("choices"), list) and found["choices"]:
                return found, None, None
            # some gateways wrap the refusal of the server behind them
            inner = found.get("error") if isinstance(found.get("error"), dict) else {}
            status = inner["code"] if isinstance(inner.get("code"), int) else status
        return self._refused(question, sent, status, words, found, response.headers)

    def _refused(self, question, sent, status, words, found, headers):
        said = f"{status}: {words}" if words else f"status {status}"
        if status in (401, 403):
            told = (
                f"put the right one into the environment variable {self.key_env}"
                if self.key_env
                else f"name the environment variable that holds yours in {self.setting}.key_env"
            )
            raise StudyError(f"{self.setting}: {self.url} does not accept the key ({said}); {told}.")
        if status == 404:
            raise StudyError(
                f"{self.setting}: {self.url} knows no model {sent['model']!r} at {question.path} ({said}); correct "
                f"{self.setting}.served, or {self.setting}.url, which ends before {question.path}."
            )
        if "insufficient_quota" in json.dumps(found):
            raise StudyError(f"{self.setting}: {self.url} says that the account is used up ({said}).")
        if status in (408, 409, 429) or status >= 500 or 200 <= status < 300:
            wait = _seconds(headers.get("retry-after"))
            if wait and wait > LONGEST_WAIT:
                raise StudyError(
                    f"{self.setting}: {self.url} wants to be left alone for {wait:.0f} seconds ({said}); run again "
                    "then, what came back is kept."
                )
            return None, f"answers with {said}", wait
        if status in (400, 422) and self._learn(found, words, sent):
            return None, None, None
        raise StudyError(f"{self.setting}: {self.url} refuses what {question.name} asks ({said}).")

    def _learn(self, found, words, sent):
        """Whether the refusal names something that can be left out, which is then left out from now on."""
        error = found.get("error") if isinstance(found, dict) and isinstance(found.get("error"), dict) else {}
        text = words or json.dumps(found)
        for key in OPTIONAL:
            if key not in sent:
                continue
            if error.get("param") != key and not re.search(_N if key == "n" else rf"\b{key}\b", text):
                continue
            if key == "max_tokens" and "max_completion_tokens" not in text:
                continue  # too many of them, not their name
            if key == "stop" and len(sent["stop"]) <= FEW_STOPS:
                continue
            self.without.add(key)
            return True
        return False

    def _acceptable(self, body):
        """The body without what this server was found not to take."""
        sent = {key: value for key, value in body.items() if key not in self.without or key == "stop"}
        if "max_tokens" in self.without and "max_tokens" in body:
            sent["max_completion_tokens"] = body["max_tokens"]
        if "stop" in self.without and "stop" in body:
            sent["stop"] = body["stop"][:FEW_STOPS]
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
        folder = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")
        with open(folder / f"isobudget-{os.getuid()}-{digest}.lock", "a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stage.say(f"{self.setting}: another job asks {self.url}; waiting for it to end")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


_N = r"['\"`]n['\"`]|\bn ?[=>]|\bn must\b|\bn is\b"


def usage(answer):
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
