"""The endpoint engine against servers that answer what the API does not have: a sentence, or asked again."""

import json
import math
from urllib.parse import quote

import pytest
from answering import answer, answering, choice
from test_endpoint import generate, load, one, refused, short_pauses  # noqa: F401, the fixture is used by being here

from isobudget.engines import endpoint
from isobudget.engines.journal import Journal
from isobudget.engines.vllm import Completion
from isobudget.errors import StudyError

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
