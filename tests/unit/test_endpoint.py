"""The endpoint engine against a small server that refuses, delays and breaks off as a test says.

tests/studies/test_endpoint_live.py has the real one.
"""

import asyncio
import math
import threading
import time

import pytest

from helpers.answering import answer, answering, choice
from helpers.endpoint_engine import DECODING, GREEDY, generate, load, one, reads_back, refused
from isobudget.engines import endpoint, http_client, rate_limit
from isobudget.files.errors import StudyError

pytestmark = pytest.mark.usefixtures("short_pauses")


def test_each_prompt_has_its_samples_from_one_request_in_order():
    with answering() as told:
        drawn, engine = generate(told, ["a", "b", "c"], 3, first=6)
    assert len(told.bodies) == 3
    assert {body["n"] for body in told.bodies} == {3}
    for prompt, completions in zip("abc", drawn, strict=True):
        seeds = [int(completion.text.split()[1]) for completion in completions]
        assert [completion.text.split()[0] for completion in completions] == [prompt] * 3
        assert seeds == [seeds[0], seeds[0] + 1, seeds[0] + 2]
        assert [completion.prompt_tokens for completion in completions] == [7, 7, 7]
    assert engine.server.written == 3 * 3 * 5


def test_what_is_sent_is_the_study_decoding_and_nothing_that_a_server_would_add():
    with answering() as told:
        generate(told, ["a"], 1)
        generate(told, ["a"], 1, GREEDY | {"stop": []})
    sampled, greedy = told.bodies
    seed = sampled.pop("seed")
    assert 0 <= seed < 2**31
    asked = {"model": "small", "prompt": "a", "max_tokens": 24, "logprobs": 1}
    assert sampled == asked | {"temperature": 0.8, "top_p": 0.95, "stop": ["\nclass ", "\ndef "]}
    assert greedy == asked | {"temperature": 0.0}
    assert told.paths == ["/v1/completions"] * 2


def test_a_samples_seed_comes_from_its_number_and_its_prompt():
    with answering() as told:
        together = generate(told, ["a", "b"], 4)[0]
        later = generate(told, ["a", "b"], 2, first=2)[0]
    assert [row[2:] for row in together] == later
    assert together[0][0].text.split()[1] != together[1][0].text.split()[1]


def test_a_server_without_n_is_asked_one_by_one_for_the_same_samples():
    def say(body, number):
        return answer({key: value for key, value in body.items() if key != "n"})

    with answering() as able, answering(say) as told:
        one_by_one, together = generate(told, ["a", "b"], 3)[0], generate(able, ["a", "b"], 3)[0]
    assert [[found.text for found in row] for row in one_by_one] == [[found.text for found in row] for row in together]
    assert (len(told.bodies), len(able.bodies)) == (6, 2)


def test_a_chat_model_is_asked_as_a_user_asks():
    with answering() as told:
        drawn, _ = generate(told, ["Say hi"], 2, DECODING | {"stop": []}, chat=True)
    assert told.paths == ["/v1/chat/completions"]
    assert told.bodies[0]["messages"] == [{"role": "user", "content": "Say hi"}]
    assert told.bodies[0]["logprobs"] is True
    assert drawn[0][1].text.startswith("Say hi ")


def test_log_probabilities_are_summed_in_both_forms_that_servers_give():
    legacy = {"tokens": ["a", "b"], "token_logprobs": [-1.0, -0.5], "text_offset": [0, 1]}
    assert one(choice("ab", logprobs=legacy))[2:4] == (2, -1.5)
    content = {"content": [{"token": "a", "logprob": -1.0}, {"token": "b", "logprob": -0.5}]}
    assert one(choice("ab", logprobs=content))[2:4] == (2, -1.5)


def test_what_a_server_does_not_tell_is_null():
    assert one(choice("ab", logprobs=None))[1:4] == (3, 9, None)  # alone in its answer, it has all tokens counted there
    with answering() as told:
        drawn, _ = generate(told, ["a"], 2)
    assert [completion[2:4] for completion in drawn[0]] == [(None, None)] * 2
    with answering(lambda body, number: (200, {"choices": [choice("x")]})) as told:
        drawn, _ = generate(told, ["a"], 1)
    assert drawn[0][0] == ("x", None, None, None, "stop")


def test_a_text_ends_behind_its_first_stop_sequence_whatever_the_server_did():
    assert one(choice("    return 1\n", finish="stop")).text == "    return 1\n"
    assert one(choice("    return 1\n", stop_reason="\ndef ")).text == "    return 1\n\ndef "
    tokens = ["    return", " 1", "\n", "\n", "class ", "A", ":\n"]
    logprobs = {"tokens": tokens, "token_logprobs": [-1.0] * 7}
    found = one(choice("".join(tokens), finish="length", logprobs=logprobs))
    assert found == ("    return 1\n\nclass ", 3, 5, -5.0, "stop")
    assert one(choice("    return 1", finish="length")).finish_reason == "length"


def test_thoughts_that_the_server_took_apart_stand_before_the_answer():
    message = {"content": "Here.", "reasoning_content": "Let me see."}
    assert one({"message": message}, chat=True).text == "<think>\nLet me see.\n</think>\nHere."
    assert one({"message": {"content": None, "reasoning": "Let me"}}, chat=True).text == "<think>\nLet me"
    assert one({"message": {"content": [{"type": "text", "text": "Hi"}]}}, chat=True).text == "Hi"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("seed", "Unsupported parameter: 'seed' is not supported with this model."),
        ("logprobs", "This model does not support logprobs."),
        ("top_k", "Unrecognized request argument supplied: top_k"),
        ("n", "Only n = 1 is supported"),
        ("repetition_penalty", {"detail": [{"loc": ["body", "repetition_penalty"], "msg": "Extra inputs"}]}),
    ],
)
def test_what_a_server_refuses_that_changes_no_completion_is_left_out(key, message):
    def say(body, number):
        if key in body:
            return 422, message if isinstance(message, dict) else {"error": {"message": message, "param": None}}
        return answer(body)

    with answering(say, "vllm") as told:
        drawn, engine = generate(told, ["a", "b", "c"], 2)
    assert all(completion for completions in drawn for completion in completions)
    assert engine.server.without == {key}
    assert endpoint.facts(engine)["without"] == [key]
    assert engine.server.repeated == 0


def test_a_server_that_counts_stop_sequences_gets_four_of_them():
    stops = [f"<{index}>" for index in range(10)]

    def say(body, number):
        if len(body["stop"]) > 4:
            return 400, {"error": {"message": "Invalid 'stop': array too long.", "param": "stop"}}
        return 200, {"choices": [choice("text<7>more", finish="length")]}

    with answering(say) as told:
        drawn, _ = generate(told, ["a"], 1, DECODING | {"stop": stops})
    assert told.bodies[1]["stop"] == stops[:4]
    assert (drawn[0][0].text, drawn[0][0].finish_reason) == ("text<7>", "stop")


def test_stop_sequences_that_are_refused_all_the_same_are_an_error_and_no_endless_loop():
    with answering(lambda body, number: (400, {"error": {"message": "stop is not supported"}})) as told:
        assert "refuses what T/0 asks (400: stop is not supported)" in refused(told, prompts=["a"])


def test_a_server_that_has_another_name_for_max_tokens_is_asked_by_it():
    def say(body, number):
        if "max_tokens" in body:
            return 400, {"error": {"message": "Use 'max_completion_tokens' instead of 'max_tokens'."}}
        return answer(body)

    with answering(say) as told:
        generate(told, ["a"], 1)
    assert told.bodies[1]["max_completion_tokens"] == 24


def test_as_many_requests_are_in_flight_as_the_study_lets_and_no_more():
    def say(body, number):
        time.sleep(0.1)
        return answer(body)

    with answering(say) as told:
        generate(told, [str(index) for index in range(40)], 1, concurrency=8)
    assert told.most == 8


def test_jobs_for_the_same_server_take_turns():
    def say(body, number):
        time.sleep(0.1)
        return answer(body)

    with answering(say) as told:
        prompts = [str(index) for index in range(8)]
        jobs = [threading.Thread(target=generate, args=(told, prompts, 1)) for _ in range(2)]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
    assert len(told.bodies) == 16
    assert told.most == 4


@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_what_may_pass_is_asked_again(status):
    def say(body, number):
        return (status, {"error": {"message": "busy"}}) if number < 2 else answer(body)

    with answering(say) as told:
        drawn, engine = generate(told, ["a"], 1)
    assert drawn[0][0]
    assert engine.server.repeated == 2


def test_what_does_not_pass_ends_in_one_sentence():
    with answering(lambda body, number: (500, {"error": {"message": "out of memory"}})) as told:
        message = refused(told, prompts=["a"])
    assert len(told.bodies) == 5
    assert message == (
        f"models.theirs: asked for T/0, {told.url} answers with 500: out of memory, 5 times; see to the server, or "
        "lower models.theirs.concurrency. What came back is kept: run again to go on."
    )


def test_the_pause_that_a_server_names_is_kept_by_all_requests():
    def say(body, number):
        return (429, {"error": "slow down"}, {"Retry-After": "1"}) if number == 0 else answer(body)

    with answering(say) as told:
        generate(told, ["a", "b", "c"], 1, concurrency=1)
    assert told.times[1] - told.times[0] >= 1


def test_a_pause_of_hours_is_said_instead_of_waited_for():
    with answering(lambda body, number: (429, {"error": "later"}, {"Retry-After": "7200"})) as told:
        assert "wants to be left alone for 7200 seconds (429: later); run again then" in refused(told, prompts=["a"])
    assert len(told.bodies) == 1


def test_retry_after_may_be_a_date():
    assert http_client._seconds("Fri, 31 Dec 2100 23:59:59 GMT") > 3000
    assert http_client._seconds("Fri, 31 Dec 1999 23:59:59 GMT") == 0
    assert http_client._seconds("soon") is None


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(rate_limit, "time", self)
        monkeypatch.setattr(rate_limit, "asyncio", self)

    def monotonic(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds


def turns(clock, limits, tokens, corrected=0):
    """When each request may start."""
    found = []

    async def take():
        for count in tokens:
            await limits.turn(count)
            found.append(round(clock.now, 6))
            limits.correct(corrected)

    asyncio.run(take())
    return found


def test_requests_a_minute_are_spread_over_the_minute(monkeypatch):
    clock = Clock(monkeypatch)
    assert turns(clock, rate_limit.Pace(requests_per_minute=30), [1000] * 4) == [0, 2, 4, 6]


def test_tokens_a_minute_are_those_that_were_used(monkeypatch):
    clock = Clock(monkeypatch)
    # each may use 24 tokens at 2 a second, and turns out to use 14
    assert turns(clock, rate_limit.Pace(tokens_per_minute=120), [24] * 3, corrected=-10) == [0, 7, 14]


def test_the_tighter_of_two_limits_holds(monkeypatch):
    clock = Clock(monkeypatch)
    assert turns(clock, rate_limit.Pace(requests_per_minute=30, tokens_per_minute=120), [2, 20, 2]) == [0, 2, 12]


def test_without_limits_nothing_waits(monkeypatch):
    assert turns(Clock(monkeypatch), rate_limit.Pace(), [1000] * 3) == [0, 0, 0]


def test_a_study_with_a_rate_limit_keeps_to_it():
    with answering() as told:
        generate(told, ["a", "b", "c"], 1, requests_per_minute=300)
    assert told.times[2] - told.times[0] > 0.3


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_is_said_at_once_and_not_repeated(status, monkeypatch):
    monkeypatch.setenv("THEIR_KEY", "sk-very-secret")
    said = {"error": {"message": "Incorrect API key provided: sk-very-secret."}}
    with answering(lambda body, number: (status, said)) as told:
        assert refused(told, prompts=["a"], key_env="THEIR_KEY") == (
            f"models.theirs: {told.url} does not accept the key ({status}: Incorrect API key provided: ***.); put the "
            "right one into the environment variable THEIR_KEY."
        )
        assert told.keys == ["Bearer sk-very-secret"]
        assert "name the environment variable that holds yours in models.theirs.key_env" in refused(told, prompts=["a"])


@pytest.mark.parametrize("value", ["", "  ", "schlüssel", "two\nlines"])
def test_an_environment_without_the_key_is_said_before_anything_is_asked(value, monkeypatch):
    monkeypatch.setenv("THEIR_KEY", value)
    with answering() as told:
        message = refused(told, key_env="THEIR_KEY")
    assert "models.theirs.key_env: the environment variable THEIR_KEY holds no key; export THEIR_KEY=..." in message
    assert told.bodies == []


def test_a_model_that_the_server_does_not_have_is_named():
    with answering(lambda body, number: (404, {"error": {"message": "The model `small` does not exist."}})) as told:
        assert refused(told, prompts=["a"]) == (
            f"models.theirs: {told.url} knows no model 'small' at /completions (404: The model `small` does not "
            "exist.); correct models.theirs.served, or models.theirs.url, which ends before /completions."
        )


def test_an_account_that_is_used_up_is_not_asked_again():
    said = {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}
    with answering(lambda body, number: (429, said)) as told:
        assert "says that the account is used up (429: You exceeded your current quota.)" in refused(
            told, prompts=["a"]
        )
    assert len(told.bodies) == 1


def test_a_server_that_does_not_answer_is_named():
    with answering() as told:
        pass
    message = refused(told, prompts=["a"])
    assert message.startswith(f"models.theirs: {told.url} does not answer (")
    assert message.endswith("start the server, or correct models.theirs.url.")


def test_something_that_is_no_such_server_is_an_error():
    with answering(lambda body, number: (200, "<html>Welcome</html>", {"Content-Type": "text/html"})) as told:
        message = refused(told, prompts=["a"])
    assert f"{told.url}/completions answers with no JSON (<html>Welcome</html>); correct models.theirs.url" in message
    assert len(told.bodies) == 1


def test_a_timeout_loses_only_the_request_in_flight():
    def say(body, number):
        if body["prompt"] == "b" and not any(one["prompt"] == "b" for one in told.bodies[:number]):
            time.sleep(5)
        return answer(body)

    with answering(say) as told:
        drawn, engine = generate(told, ["a", "b", "c"], 2, timeout=1.0)
    assert all(completion for completions in drawn for completion in completions)
    assert engine.server.repeated == 1
    assert sorted(body["prompt"] for body in told.bodies) == ["a", "b", "b", "c"]


def test_what_came_back_is_kept_when_a_request_fails_for_good(tmp_path):
    def say(body, number):
        return (400, {"error": {"message": "too long"}}) if body["prompt"] == "c" else answer(body)

    file = tmp_path / "kept"
    with answering(say) as told:
        assert "refuses what T/2 asks (400: too long)" in refused(
            told, prompts=["a", "b", "c"], kept=file, concurrency=1
        )
        with file.open("a") as kept:
            kept.write('{"asked": "half a li')  # a kill in the middle of a line
        told.bodies.clear()
        told.say = lambda body, number: answer(body)
        resumed, _ = generate(told, ["a", "b", "c"], 2, kept=file)
        assert [body["prompt"] for body in told.bodies] == ["c"]
        assert resumed == generate(told, ["a", "b", "c"], 2)[0]
        told.bodies.clear()
        assert generate(told, ["a", "b", "c"], 2, kept=file)[0] == resumed
        assert told.bodies == []
        generate(told, ["a", "b", "c"], 2, DECODING | {"top_p": 0.9}, kept=file)
        assert len(told.bodies) == 3


def test_requests_in_flight_are_awaited_when_another_fails(tmp_path):
    def say(body, number):
        if body["prompt"] == "a":
            return 400, {"error": {"message": "no"}}
        time.sleep(0.5)
        return answer(body)

    with answering(say) as told:
        refused(told, prompts=list("abcdef"), kept=tmp_path / "kept", concurrency=3)
        assert sorted(body["prompt"] for body in told.bodies) == ["a", "b", "c"]
        told.say = lambda body, number: answer(body)
        told.bodies.clear()
        generate(told, list("abcdef"), 2, kept=tmp_path / "kept")
    assert sorted(body["prompt"] for body in told.bodies) == ["a", "d", "e", "f"]


def test_a_completion_is_scored_behind_its_prompt():
    with answering(reads_back) as told:
        scores, _ = endpoint.score(load(told), [("ab", "cd"), ("ab", "c"), ("ab", ""), ("", "ab")])
    assert sorted(body["prompt"] for body in told.bodies) == ["ab", "abc", "abcd"]
    found = [(round(total / -math.log(2), 9), tokens) for total, tokens in scores]
    assert found == [(2 + 3, 2), (2, 1), (0, 0), (1, 1)]


@pytest.mark.parametrize("said", [choice("!", logprobs={"tokens": ["!"], "token_logprobs": [-1]}), choice("ab!")])
def test_a_server_that_does_not_read_texts_back_cannot_rank(said):
    with (
        answering(lambda body, number: (200, {"choices": [said]})) as told,
        pytest.raises(StudyError, match="does not read texts back .* leave 'nll:theirs' out of rankers"),
    ):
        endpoint.score(load(told), [("a", "b")])
