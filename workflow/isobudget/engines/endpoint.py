"""An OpenAI-compatible server, vLLM's, llama.cpp's or a paid one: generate completions, and score them.

What a completion is does not depend on what the server can do: where it gives fewer choices than asked the rest is
asked one by one, where it takes few stop sequences the text is cut here, and what it would add to sampling by itself
is switched off where it is known to add it. Nothing else is sent but what the study says.
"""

import bisect
import collections
import contextlib
import hashlib
import importlib.metadata
import itertools
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from isobudget.engines import finish_reasons
from isobudget.engines.answer_log import Journal
from isobudget.engines.base import Completion
from isobudget.engines.http_client import BrokeOff, Question, Server, usage
from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.settings import Decoding, Opening
from isobudget.files.tables import read_json, writable

CHARACTERS_A_TOKEN = 3  # at least, in code: what a rate limit counts of a prompt before the server has


class Engine(NamedTuple):
    """A model behind a server."""

    server: Server
    served: str
    model: str  # its name in the study
    reasons: collections.Counter[str]  # why texts ended, in the server's own words


class Request(NamedTuple):
    """Samples `first` to `first + n - 1` of one prompt, in one request."""

    prompt: int
    first: int
    n: int


def load(settings: Opening, reach: Mapping[str, Any], model: str) -> Engine:
    """A model behind a server; nothing is asked yet.

    Args:
        settings: served, its name there.
        reach: the server, as results/servers/ holds it.
        model: its name in the study.

    Raises:
        StudyError: the environment holds no key.
    """
    return Engine(Server(reach, model), settings["served"], model, collections.Counter())


def generate(
    engine: Engine,
    prompts: Sequence[str],
    decoding: Decoding,
    n: int,
    what: str = "samples",
    chat: bool = False,
    first: int = 0,
    names: Sequence[str] | None = None,
    kept: str | Path | None = None,
    glance: Callable[[list[Completion]], None] | None = None,
) -> tuple[list[list[Completion]], float]:
    """Draw n completions of each prompt, as many in one request as the server gives.

    Args:
        engine: from `load`.
        prompts: list of str; of a chat model what the user says.
        decoding: temperature, top_p, max_tokens, stop.
        n: completions a prompt.
        what: the progress bar's name.
        chat: ask the model in its chat template, which the server has.
        first: number of the first sample. A sample's seed comes from its number and its prompt: drawn again it is
            the same, where the server takes seeds.
        names: what messages call the prompts, a list of str.
        kept: a file that keeps what came back until the caller needs it no more, or None.
        glance: called with the Completions of the first answer, for what is better said before the others are paid for.

    Returns:
        (completions, seconds): a list a prompt of n Completions, and the wall time of this call. What the server does
        not tell is None in them.

    Raises:
        StudyError: as Server.ask.
    """
    asked = [_digest(engine.served, chat, decoding, prompt) for prompt in prompts]
    journal = Journal(kept)
    # Completions, and None where one is still to come
    drawn: list[list[Any]] = [[journal.find(digest, first + number) for number in range(n)] for digest in asked]
    bar = tqdm(total=len(prompts) * n, desc=what, file=stage.terminal(), mininterval=2.0, dynamic_ncols=True)
    bar.update(sum(one is not None for completions in drawn for one in completions))

    def question(request):
        place, number, count = request
        body = _body(engine, prompts[place], decoding, count, chat)
        if decoding["temperature"] > 0:
            body["seed"] = int(asked[place][:7], 16) + number
        tokens = len(prompts[place]) // CHARACTERS_A_TOKEN + count * decoding["max_tokens"]
        name = names[place] if names else f"prompt {place}"
        return Question("/chat/completions" if chat else "/completions", body, name, tokens, request)

    def read(put, answer):
        return _completions(answer, put.about.n, decoding)

    def take(put, found):
        (place, number, count), (completions, reasons) = put.about, found
        if glance and not engine.reasons:
            bar.clear()
            glance(completions)
        engine.reasons.update(reasons)
        for offset, completion in enumerate(completions):
            drawn[place][number + offset - first] = completion
            journal.keep(asked[place], number + offset, completion)
        bar.update(len(completions))
        return [question(Request(place, number + offset, 1)) for offset in range(len(completions), count)]

    missing = [question(request) for place, row in enumerate(drawn) for request in _missing(place, row, first)]
    with bar, contextlib.closing(journal):
        return drawn, engine.server.ask(missing, read, take)


def score(
    engine: Engine, pairs: Sequence[tuple[str, str]], what: str = "scores"
) -> tuple[list[tuple[float, int]], float]:
    """How likely each completion is under the model, given its prompt, where the server reads texts back.

    It is asked for the prompt alone and for the prompt with its completion; what the second has beyond the tokens of
    the first is the completion.

    Args:
        engine: from `load`.
        pairs: list of (prompt, completion), both str.
        what: the progress bar's name.

    Returns:
        (scores, seconds), as engines.vllm.score.

    Raises:
        StudyError: as Server.ask; or the server has no `echo`, or none with log-probabilities.
    """
    needed = (text for prompt, completion in pairs if completion for text in (prompt, prompt + completion) if text)
    texts = list(dict.fromkeys(needed))
    known: dict[str, tuple[Sequence[str], Sequence[float | None]]] = {"": ([], [])}
    bar = tqdm(total=len(texts), desc=what, file=stage.terminal(), mininterval=2.0, dynamic_ncols=True)

    def read(question, answer):
        text, choice = question.about, answer["choices"][0]
        _ended(choice)
        tokens, logprobs = _tokens(choice.get("logprobs")) or ((), ())
        count = usage(answer).get("prompt_tokens") or len(tokens) - 1
        numbers = all(one is None or _is_number(one) for one in logprobs)
        if not (choice.get("text") or "").startswith(text) or not 0 < count <= len(tokens) or not numbers:
            raise StudyError(
                f"{engine.server.setting}: {engine.server.url} does not read texts back (/completions with echo and "
                f"logprobs), so this model cannot rank; leave 'nll:{engine.model}' out of rankers."
            )
        return tokens[:count], logprobs[:count]

    def take(question, found):
        known[question.about] = found
        bar.update()
        return ()

    asking = {"model": engine.served, "max_tokens": 1, "temperature": 0.0, "echo": True, "logprobs": 1}
    questions = [
        Question("/completions", asking | {"prompt": text}, "a text to read", len(text) // CHARACTERS_A_TOKEN, text)
        for text in texts
    ]
    with bar:
        seconds = engine.server.ask(questions, read, take)
    return [
        _beyond(known[prompt], known[prompt + completion]) if completion else (0.0, 0) for prompt, completion in pairs
    ], seconds


def read_back(
    settings: Opening, texts: list[tuple[str, str]], names: list[str], what: str, model: str, server: str
) -> tuple[list[tuple[float, int]], float, dict[str, Any]]:
    """As engines.base.read_back."""
    engine = load(settings, read_json(server), model)
    scores, seconds = score(engine, texts, what)
    return scores, seconds, facts(engine)


def facts(engine: Engine) -> dict[str, Any]:
    """What a file says of the server that made it: where, which model, how hard it was asked, and its versions."""
    from isobudget import __version__

    server = engine.server
    versions = {"isobudget": __version__, "python": ".".join(map(str, sys.version_info[:3]))}
    versions["httpx2"] = importlib.metadata.version("httpx2")
    if server.versions:
        versions["server"] = ", ".join(sorted(server.versions))
    return {
        "url": server.url,
        "served": engine.served,
        "concurrency": server.concurrency,
        "repeated": server.repeated,
        "without": sorted(server.without),
        "switched_off": server.switched_off,
        "asked_logprobs": server.logprobs,
        "finish_reasons": dict(engine.reasons),
        "versions": versions,
        # what it runs on is not known; seconds depend on where it is asked and on how many requests are in flight
        "hardware": {"kind": "endpoint", "name": server.url, "requests": server.concurrency},
    }


def _digest(*asked):
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _missing(place, completions, first):
    """Requests for the samples that are not there, neighbours together."""
    numbers = [first + offset for offset, one in enumerate(completions) if one is None]
    for _, neighbours in itertools.groupby(enumerate(numbers), lambda entry: entry[1] - entry[0]):
        run = [number for _, number in neighbours]
        yield Request(place, run[0], len(run))


def _body(engine, prompt, decoding, n, chat):
    """What the study asks; what stands for the API's own default is not sent, as some servers refuse even that."""
    body = {
        "model": engine.served,
        **({"messages": [{"role": "user", "content": prompt}]} if chat else {"prompt": prompt}),
    }
    body |= {key: decoding[key] for key in ("temperature", "max_tokens")}
    if decoding["top_p"] < 1:
        body["top_p"] = decoding["top_p"]
    if engine.server.logprobs:
        body["logprobs"] = True if chat else 1
    if decoding["stop"]:
        body["stop"] = list(decoding["stop"])
    return body | ({"n": n} if n > 1 else {})


def _completions(answer, count, decoding):
    """(completions, reasons): of each choice a Completion, and why the server says that it ended."""
    choices, counted = answer["choices"], usage(answer)
    written = counted.get("completion_tokens")
    alone = written if len(choices) == 1 else None
    # more than one choice is counted together: all were cut, or it is not known which
    spent = written is not None and written >= decoding["max_tokens"] * len(choices)
    if all(isinstance(choice.get("index"), int) for choice in choices):  # or else they are numbered as they came
        choices = sorted(choices, key=lambda choice: choice["index"])
    found = [_completion(choice, counted.get("prompt_tokens"), alone, decoding, spent) for choice in choices[:count]]
    return found, [finish_reasons.word(choice.get("finish_reason")) for choice in choices[:count]]


def _completion(choice, prompt_tokens, counted, decoding, spent):
    """A Completion: the text ends behind its first stop sequence, whatever the server does with them.

    It was cut where the server says so, whatever its word (engines.finish_reasons), and where it has as many tokens as
    it may have: some gateways say "stop" of everything. Its log-probability is null where the server gives none, or
    where one of a token is no finite number; of a text without tokens it is 0, it was certain.
    """
    reason, stop = _ended(choice), decoding["stop"]
    text = _text(choice)
    given = _tokens(choice.get("logprobs"))
    tokens, logprobs = given or ((), ())
    cut = finish_reasons.is_cut(reason)
    # the last token of a text that ended by itself stands for the end, and is no part of it
    if not cut and not (tokens and "".join(tokens[:-1]) == text):
        cut = spent or len(logprobs) >= decoding["max_tokens"]
    if choice.get("stop_reason") in stop:  # vLLM says what it cut off
        text += choice["stop_reason"]
    ends = [(place, place + len(one)) for one in stop if (place := text.find(one)) >= 0]
    if ends:
        end = min(ends)[1]
        if "".join(tokens) == text:  # written on to here
            lengths = list(itertools.accumulate(map(len, tokens)))
            logprobs = logprobs[: bisect.bisect_left(lengths, end) + 1]
        text, cut = text[:end], False
    count = len(logprobs) if logprobs else counted
    if given and not text:
        count = count or 0
    # a server that has no log-probabilities may give empty lists of them with any text
    known = given and (logprobs or not text) and all(map(_is_number, logprobs))
    logprob = math.fsum(logprobs) if known else None
    return Completion(writable(text), prompt_tokens, count, logprob, "length" if cut else "stop")


def _ended(choice):
    """Why a choice ended, as the server says it; BrokeOff where it gave up."""
    reason = choice.get("finish_reason")
    if finish_reasons.broke_off(reason):
        raise BrokeOff(f"broke off before the end (finish_reason {reason!r})")
    return reason


def _text(choice):
    """The raw text of a choice; thoughts that the server took apart stand where the model wrote them, first."""
    if "message" not in choice:
        return choice.get("text") or ""
    message = choice["message"] or {}
    content = message.get("content") or ""
    if isinstance(content, list):
        content = "".join(part.get("text") or "" for part in content)
    thoughts = message.get("reasoning") or message.get("reasoning_content")
    if not thoughts:
        return content
    return f"<think>\n{thoughts}\n</think>\n{content}" if content else f"<think>\n{thoughts}"


def _tokens(logprobs):
    """(tokens, log-probabilities) in either of the two forms that servers give, or None."""
    if not isinstance(logprobs, dict):
        return None
    if isinstance(logprobs.get("content"), list):
        entries = [entry if isinstance(entry, dict) else {} for entry in logprobs["content"]]
        tokens, found = [entry.get("token") for entry in entries], [entry.get("logprob") for entry in entries]
    elif isinstance(logprobs.get("token_logprobs"), list):
        found = logprobs["token_logprobs"]
        tokens = logprobs.get("tokens") or [""] * len(found)
    else:
        return None
    return [token if isinstance(token, str) else "" for token in tokens], found


def _is_number(value):
    return isinstance(value, int | float) and math.isfinite(value)


def _beyond(prompt, whole):
    """(summed log-probability, tokens) of what `whole` has beyond the tokens that it shares with `prompt`."""
    tokens, logprobs = whole
    shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(prompt[0], tokens, strict=False)))
    found = [one for one in logprobs[shared:] if one is not None]  # nothing is said of a text's first token
    return math.fsum(found), len(found)
