"""The endpoint engine against servers that answer what the API does not have: a sentence, or asked again."""

import json
import math
from urllib.parse import quote

import pytest

from helpers.answering import answer, answering, choice
from helpers.endpoint_engine import GREEDY, generate, load, one, reads_back, refused
from isobudget.engines import endpoint
from isobudget.engines.answer_log import Journal
from isobudget.engines.vllm import Completion
from isobudget.files.errors import StudyError

pytestmark = pytest.mark.usefixtures("short_pauses")

KEY = 'sk-"very/secret+and\\long'


@pytest.mark.parametrize("written", [KEY, json.dumps(KEY), repr(KEY), quote(KEY), quote(KEY, "").lower()])
@pytest.mark.parametrize("before", [0, 270, 290])
def test_no_part_of_a_key_stands_in_a_message_however_it_is_written_and_wherever_it_is_cut(
    written, before, monkeypatch
):
    monkeypatch.setenv("THEIR_KEY", KEY)
    with answering(lambda body, number: (500, {"error": {"message": "x" * before + " " + written}})) as told:
        message = refused(told, prompts=["a"], key_env="THEIR_KEY", retries=0)
    assert "***" in message
    assert "sk-" not in message


def test_no_key_stands_among_the_versions_that_a_server_gives(monkeypatch):
    monkeypatch.setenv("THEIR_KEY", KEY)
    with answering(lambda body, number: (200, answer(body)[1] | {"system_fingerprint": f"fp {KEY}"})) as told:
        _, engine = generate(told, ["a"], 1, key_env="THEIR_KEY")
    assert "fp ***" in engine.server.versions


HALF = "    return '\ud83d'"  # of a surrogate pair, as servers give it that cut a character in two


def test_half_a_surrogate_pair_is_replaced_so_that_the_text_can_be_written():
    thoughts = {"message": {"content": HALF, "reasoning": HALF}}
    assert one(choice(HALF)).text == "    return '?'"
    assert one(thoughts, chat=True).text == "<think>\n    return '?'\n</think>\n    return '?'"
    with answering(lambda body, number: (200, answer(body)[1] | {"system_fingerprint": HALF})) as told:
        assert "return '?'" in endpoint.facts(generate(told, ["a"], 1)[1])["versions"]["server"]


def test_a_text_that_was_kept_before_such_halves_were_replaced_can_be_written_too(tmp_path):
    kept = Journal(tmp_path / "kept")
    kept.keep("asked", 3, Completion(HALF, 7, 5, -1.0, "stop"))
    kept.close()
    assert Journal(tmp_path / "kept").find("asked", 3) == ("    return '?'", 7, 5, -1.0, "stop")


def legacy(*logprobs):
    return {"tokens": ["a"] * len(logprobs), "token_logprobs": list(logprobs)}


@pytest.mark.parametrize("empty", [legacy(), {"content": []}])
def test_a_completion_without_tokens_was_certain(empty):
    assert one(choice("", logprobs=empty)) == ("", 3, 9, 0.0, "stop")  # 9 as the server counts it, its end included
    with answering(lambda body, number: (200, {"choices": [choice("", logprobs=empty)]})) as told:
        assert generate(told, ["a"], 1)[0][0][0] == ("", None, 0, 0.0, "stop")


@pytest.mark.parametrize("given", [legacy(), legacy(-1.0, math.nan), legacy(-1.0, -math.inf), legacy(-1.0, "-1")])
def test_a_log_probability_that_is_no_number_is_null_and_not_kept_as_nan(given):
    assert one(choice("ab", logprobs=given)).logprob is None


def test_a_kept_completion_whose_log_probability_is_no_number_is_asked_for_again(tmp_path):
    kept = Journal(tmp_path / "kept")
    kept.keep("asked", 3, Completion("text", 7, 5, math.nan, "stop"))
    kept.close()
    assert Journal(tmp_path / "kept").find("asked", 3) is None


def test_a_text_is_not_scored_by_what_is_no_number():
    said = choice("ab!", logprobs={"tokens": ["a", "b", "!"], "token_logprobs": [None, math.nan, -1.0]})
    with (
        answering(lambda body, number: (200, {"choices": [said]})) as told,
        pytest.raises(StudyError, match="leave 'nll:theirs' out of rankers"),
    ):
        endpoint.score(load(told), [("a", "b")])


def once(said, *headers):
    """A server that answers so to the first request, and as it should from then on."""
    return lambda body, number: (200, said(body), *headers) if number == 0 else answer(body)


def whole(**changes):
    return lambda body: {"choices": [choice("x", index) | changes for index in range(body["n"])]}


@pytest.mark.parametrize("reason", ["abort", "error", "cancelled", "Aborted", "insufficient_system_resource"])
def test_a_completion_that_the_server_broke_off_is_asked_for_again(reason):
    with answering(once(whole(finish_reason=reason))) as told:
        drawn, engine = generate(told, ["a"], 2)
    assert [completion.text[:2] for completion in drawn[0]] == ["a "] * 2
    assert engine.server.repeated == 1


def test_a_server_that_breaks_every_completion_off_is_said_in_one_sentence():
    with answering(lambda body, number: (200, whole(finish_reason="abort")(body))) as told:
        assert refused(told, prompts=["a"]) == (
            f"models.theirs: asked for T/0, {told.url} broke off before the end (finish_reason 'abort'), 5 times; see "
            "to the server, or lower models.theirs.concurrency. What came back is kept: run again to go on."
        )


def test_a_text_to_read_that_was_broken_off_is_asked_for_again():
    def say(body, number):
        return (200, {"choices": [choice("", finish="abort")]}) if number == 0 else reads_back(body, number)

    with answering(say) as told:
        assert endpoint.score(load(told), [("ab", "c")])[0] == [(pytest.approx(-2 * math.log(2)), 1)]
    assert len(told.bodies) == 3


@pytest.mark.parametrize("reason", ["stop", None, "eos", "end_turn", "stop_sequence", "tool_calls", "odd"])
def test_any_other_reason_to_end_is_an_end(reason):
    assert one(choice("x", finish=reason)).finish_reason == "stop"


@pytest.mark.parametrize(
    ("said", "headers"),
    [
        (lambda body: {"choices": []}, {}),
        (lambda body: {"error": "overloaded"}, {}),
        (lambda body: "plain", {"Content-Encoding": "gzip"}),
        (lambda body: "[" * 100_000, {}),
    ],
)
def test_an_answer_that_is_none_is_asked_for_again(said, headers):
    with answering(once(said, headers)) as told:
        drawn, engine = generate(told, ["a"], 2)
    assert all(drawn[0])
    assert engine.server.repeated == 1


def test_a_server_that_never_gives_a_choice_is_said_in_one_sentence():
    with answering(lambda body, number: (200, {"choices": []})) as told:
        assert f'T/0, {told.url} answers with 200: {{"choices": []}}, 5 times; see to' in refused(told, prompts=["a"])


@pytest.mark.parametrize("date", ["Fri Dec 31 23:59:59 2100", "Fri, 31 Dec 2100 23:59:59 -0000"])
def test_a_pause_without_a_time_zone_is_in_utc(date):
    with answering(lambda body, number: (429, {"error": "later"}, {"Retry-After": date})) as told:
        assert "wants to be left alone for" in refused(told, prompts=["a"])


@pytest.mark.parametrize("index", [None, "0", 7])
def test_choices_without_numbers_are_in_the_order_in_which_they_came(index):
    said = [choice(text) | {"index": index} for text in ("first", "second")]
    with answering(lambda body, number: (200, {"choices": said})) as told:
        assert [completion.text for completion in generate(told, ["a"], 2)[0][0]] == ["first", "second"]


@pytest.mark.parametrize("said", [None, "text", {"text": 5}, {"text": ["a"]}, {"message": "hi"}, {"message": ["a"]}])
@pytest.mark.parametrize("stop", [[], ["\ndef "]])
def test_a_choice_that_the_api_does_not_have_is_said_at_once_in_one_sentence(said, stop):
    with answering(lambda body, number: (200, {"choices": [said]})) as told:
        message = refused(told, prompts=["a"], n=1, decoding=GREEDY | {"stop": stop})
    assert len(told.bodies) == 1
    assert message.startswith(f"models.theirs: asked for T/0, {told.url} gives what is no answer of this API (")
    assert message.endswith(
        "; see to the server, or correct models.theirs.url. What came back is kept: run again to go on."
    )


def test_a_text_to_read_that_comes_back_as_something_else_is_one_sentence():
    with (
        answering(lambda body, number: (200, {"choices": [None]})) as told,
        pytest.raises(StudyError, match="asked for a text to read, .* gives what is no answer of this API"),
    ):
        endpoint.score(load(told), [("a", "b")])


@pytest.mark.parametrize("wrong", ["10", 10.5, None, -1, True, 2**40])
def test_a_count_that_is_no_number_of_tokens_is_as_if_it_were_not_there(wrong):
    counted = dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), wrong)
    with answering(lambda body, number: (200, {"choices": [choice("x")], "usage": counted})) as told:
        drawn, engine = generate(told, ["a"], 1, tokens_per_minute=10**9)
    assert drawn[0][0] == ("x", None, None, None, "stop")
    assert engine.server.written == 0


@pytest.mark.parametrize("counted", [[1], "many", 5])
def test_counts_that_are_no_object_are_as_if_they_were_not_there(counted):
    with answering(lambda body, number: (200, {"choices": [choice("x")], "usage": counted})) as told:
        assert generate(told, ["a"], 1)[0][0][0].prompt_tokens is None


@pytest.mark.parametrize(
    ("given", "logprob"),
    [
        ({"content": [None]}, None),
        ({"content": [{"token": None, "logprob": -1.0, "top_logprobs": None}]}, -1.0),
        ({"tokens": [None, None], "token_logprobs": [-1.0, -2.0], "top_logprobs": None}, -3.0),
        ({"tokens": None, "token_logprobs": [-1.0]}, -1.0),
        ({"tokens": None, "token_logprobs": None}, None),
        ([1], None),
    ],
)
def test_log_probabilities_of_another_form_cost_no_completion(given, logprob):
    found = one(choice("x\ndef f", logprobs=given))
    assert (found.text, found.logprob) == ("x\ndef ", logprob)
