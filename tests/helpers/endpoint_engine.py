"""The endpoint engine asked in this process, by a server of answering.py."""

import math

import pytest

from helpers.answering import answering, choice
from isobudget.engines import endpoint
from isobudget.files.errors import StudyError

DECODING = {"temperature": 0.8, "top_p": 0.95, "max_tokens": 24, "stop": ["\nclass ", "\ndef "]}
GREEDY = DECODING | {"temperature": 0.0, "top_p": 1.0}


def load(told, **changes):
    return endpoint.load({"served": "small"}, told.reach(**changes), "theirs")


def generate(told, prompts=("a", "b"), n=2, decoding=DECODING, first=0, kept=None, chat=False, **changes):
    engine = load(told, **changes)
    names = [f"T/{index}" for index in range(len(prompts))]
    return endpoint.generate(engine, list(prompts), decoding, n, "test", chat, first, names, kept)[0], engine


def refused(told, **changes):
    with pytest.raises(StudyError) as caught:
        generate(told, **changes)
    return str(caught.value)


def one(said, decoding=GREEDY, chat=False):
    """The Completion that is made of one choice."""
    with answering(
        lambda body, number: (200, {"choices": [said], "usage": {"prompt_tokens": 3, "completion_tokens": 9}})
    ) as told:
        return generate(told, ["a"], 1, decoding, chat=chat)[0][0][0]


def reads_back(body, number):
    """A model that finds every letter half as likely as the one before, letter by letter."""
    tokens = [*body["prompt"], "!"]
    logprobs = [None] + [-math.log(2) * index for index in range(1, len(tokens))]
    said = choice("".join(tokens), logprobs={"tokens": tokens, "token_logprobs": logprobs})
    return 200, {"choices": [said], "usage": {"prompt_tokens": len(tokens) - 1}}
