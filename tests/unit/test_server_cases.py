"""Servers as public bug reports have them: when an answer is cut, what is learnt from refusals, what is sent, and the
way there. tests/studies/test_server_studies.py goes from such servers to a report.
"""

import functools
import json
import os
import subprocess
import sys
import time

import pytest

from helpers.answering import answer, answering, choice
from helpers.checkout import ROOT
from helpers.endpoint_engine import DECODING, GREEDY, generate, one, reads_back, refused
from helpers.reported_servers import BOTH, claude, reasoning, said, tgi, tokens, vllm_of_two_names
from isobudget.engines import connection, endpoint, finish_reasons, http_client, refusals, shortfalls
from isobudget.engines.base import Completion
from isobudget.files.errors import StudyError
from isobudget.study import stage_settings
from isobudget.study.config import load as load_study

VARIABLES = ("all_proxy", "http_proxy", "https_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir")
CHAT = DECODING | {"stop": []}


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch, short_pauses):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


# when an answer is cut

CUT = ["length", "MAX_TOKENS", "max_tokens", "model_length", "token_limit", "max_output_tokens", "LENGTH", "Length"]
CUT += ["FinishReason.MAX_TOKENS", "FINISH_REASON_MAX_TOKENS", "max-tokens", "model_context_window_exceeded"]
CUT += ["content_filter", "SAFETY", "RECITATION", "PROHIBITED_CONTENT", "guardrail_intervened", "refusal"]
CUT += ["ERROR_LIMIT", {"type": "length", "length": 24}]
WHOLE = ["stop", "STOP", None, "eos", "eos_token", "end_turn", "stop_sequence", "COMPLETE", "tool_calls", "tool_use"]
WHOLE += ["function_call", "MALFORMED_FUNCTION_CALL", "FinishReason.STOP", "done", "something else"]
BROKEN = ["abort", "ERROR", "error", "cancelled", "USER_CANCEL", "timeout", "time_limit", "not_finished"]


@pytest.mark.parametrize("reason", CUT, ids=str)
def test_an_answer_is_cut_whatever_the_gateways_word_for_it(reason):
    assert one(choice("x", finish=reason)).finish_reason == "length"
    assert finish_reasons.is_known(reason)


@pytest.mark.parametrize("reason", WHOLE, ids=str)
def test_an_answer_that_ended_by_itself_is_whole(reason):
    assert one(choice("x", finish=reason)).finish_reason == "stop"
    assert finish_reasons.is_known(reason) == (reason != "something else")


@pytest.mark.parametrize("reason", BROKEN)
def test_an_answer_that_the_server_gave_up_is_asked_for_again(reason):
    def say(body, number):
        return (200, {"choices": [choice("x", finish=reason)]}) if number == 0 else answer(body)

    with answering(say) as told:
        _, engine = generate(told, ["a"], 1)
    assert engine.server.repeated == 1


def counted(choices, tokens, decoding=GREEDY):
    """The finish reasons of an answer that counts so many tokens; at most 24 may be written."""
    say = {"choices": choices, "usage": {"prompt_tokens": 3, "completion_tokens": tokens}}
    with answering(lambda body, number: (200, say)) as told:
        return [found.finish_reason for found in generate(told, ["a"], len(choices), decoding)[0][0]]


def test_an_answer_of_all_tokens_that_it_may_have_is_cut_though_the_server_says_stop():
    assert counted([choice("x")], 24) == ["length"]
    assert counted([choice("x")], 23) == ["stop"]
    assert counted([choice("x", finish=None)], 30) == ["length"]
    assert counted([choice("x", 0), choice("y", 1)], 48) == ["length"] * 2
    assert counted([choice("x", 0), choice("y", 1)], 47) == ["stop"] * 2  # which of them is not known
    assert counted([choice("")], 24) == ["length"]  # all of it thought, and shown to nobody
    assert counted([choice("x" * 24, logprobs=tokens(*"x" * 24)), choice("y", 1, logprobs=tokens("y"))], 25) == [
        "length",
        "stop",
    ]


def test_an_answer_whose_last_token_is_the_end_is_whole_though_it_has_all_tokens():
    assert counted([choice("x" * 23, logprobs=tokens(*"x" * 23, "<|im_end|>"))], 24) == ["stop"]
    assert counted([choice("x" * 23, logprobs=tokens(*"x" * 23, ""))], 24) == ["stop"]


def test_an_answer_that_met_a_stop_sequence_is_whole_though_it_has_all_tokens():
    assert counted([choice("x\ndef y", finish="MAX_TOKENS")], 24) == ["stop"]
    assert counted([choice("x", stop_reason="\ndef ")], 24) == ["stop"]


# what is learnt from a refusal

STOPS = [f"\n{letter}" for letter in "abcdefgh"]
ALL = {"model": "m", "n": 2, "logprobs": 1, "seed": 5, "stop": STOPS, "max_tokens": 24, "top_k": 0, "min_p": 0.0}
ALL |= {"repetition_penalty": 1.0, "temperature": 1, "top_p": 1.0}


def key_of(message, sent=ALL, **more):
    found = {"error": {"message": message, "param": None, "code": None} | more}
    return refusals.refused_key(found, json.dumps(found), sent)


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ("Unsupported parameter: 'seed' is not supported with this model.", "seed"),
        ("This model does not support logprobs.", "logprobs"),
        ("You are not allowed to request logprobs from this model", "logprobs"),
        ("deepseek-reasoner does not support the parameter `logprobs`", "logprobs"),
        (
            "logprobs, best_of and echo parameters are not available on gpt-35-turbo model. Please remove the",
            "logprobs",
        ),
        ("together_ai does not support parameters: {'logprobs': 1}", "logprobs"),
        ("Argument not supported on this model: logprobs", "logprobs"),
        ("Unrecognized request arguments supplied: min_p, top_k", "min_p"),
        ('Invalid JSON payload received. Unknown name "top_k": Cannot find field.', "top_k"),
        ("property 'top_k' is unsupported", "top_k"),
        ("top_k is not supported; use temperature, n, seed instead.", "top_k"),
        ("body -> seed\n  Extra inputs are not permitted (type=extra_forbidden)\nbody -> n\n  Extra inputs", "seed"),
        ("[{'type': 'extra_forbidden', 'loc': ('body', 'top_k'), 'msg': 'Extra inputs are not permitted'}]", "top_k"),
        ("`temperature` is deprecated for this model.", "temperature"),
        ("Unsupported parameter: 'top_p' is not supported with this model.", "top_p"),
        ("'seed' must not be specified for this model", "seed"),
        ("Only n = 1 is supported", "n"),
        ("n: Input should be less than or equal to 1", "n"),
        ("Only one completion choice is allowed", "n"),
        ("Multiple completions are not supported", "n"),
        ("Invalid 'stop': array too long. Expected an array with maximum length 4, but got length 8 instead.", "stop"),
        ("Too many stop sequences (at most 4)", "stop"),
        ("Use 'max_completion_tokens' instead of 'max_tokens'.", "max_tokens"),
        ("Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.", "max_tokens"),
        ("max_tokens is deprecated in favor of max_completion_tokens", "max_tokens"),
    ],
)
def test_a_refusal_that_says_so_of_a_key_is_learnt(message, key):
    assert key_of(message) == key


@pytest.mark.parametrize(
    "message",
    [
        BOTH,
        "max_tokens is too large: 6000. This model supports at most 4096 completion tokens, whereas you provided 6000.",
        "max_tokens (450) plus n and seed exceeds the context length",
        "Please reduce max_tokens or max_completion_tokens; set max_completion_tokens to a smaller value.",
        "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        "Unsupported value: 'temperature' does not support 0.8 with this model. Only the default (1) is supported.",
        "gpt-5 models don't support temperature=0.8. Only temperature=1 is supported.",
        "Input validation error: `top_p` must be > 0.0 and < 1.0",
        "top_k must be -1 (disable), or at least 1, got 0.",
        "Requested sample logprobs of 1, which is greater than max allowed: 0",
        "seed must be an integer between 0 and 65535",
        "The number of tokens (n * max_tokens) is too large",
        "The prompt is too long for this model",
        "Invalid value for seed: not an integer of 32 bits",
    ],
)
def test_a_complaint_about_a_length_or_a_value_teaches_nothing(message):
    assert key_of(message) is None


def test_a_refusal_names_its_key_in_param_and_only_that_one_is_learnt():
    assert key_of("Not supported: see the documentation of seed.", param="top_k") == "top_k"
    assert key_of("Unsupported.", param="logprobs", code="unsupported_parameter") == "logprobs"
    assert key_of("This model does not support images with logprobs", param="messages") is None
    value = {"param": "temperature", "code": "unsupported_value"}
    assert key_of("Unsupported value: 'temperature' does not support 0.8.", ALL | {"temperature": 0.8}, **value) is None


def test_a_refusal_of_vllms_own_server_is_read():
    printed = (
        "2 validation errors:\n  {'type': 'string_type', 'loc': 'body.stop', 'msg': 'Input should be a valid string', "
    )
    printed += "'input': '<list of 8 items>'}\n  {'type': 'too_long', 'loc': 'body.stop', 'msg': 'List should have at "
    printed += "most 4 items after validation, not 8', 'input': '<list of 8 items>', 'ctx': {'max_length': 4}}"
    assert len(refusals.statements(printed)) == 2
    assert key_of(printed) == key_of(printed, param="body.stop") == key_of(printed, param="body.stop.str") == "stop"
    older = "[{'type': 'too_long', 'loc': ('body', 'stop', 'list[str]'), 'msg': 'List should have at most 4 items'}]"
    assert key_of(older) == "stop"


def test_what_a_refusal_repeats_of_the_request_teaches_nothing():
    whole = {"type": "missing", "loc": ["body", "messages"], "msg": "Field is unknown or not supported", "input": ALL}
    assert refusals.refused_key({"detail": [whole]}, "", ALL) is None
    printed = "[{'type': 'missing', 'loc': ('body', 'prompt'), 'msg': 'not supported', 'input': {'seed': 5, 'n': 2}}]"
    assert key_of(printed) is None


@pytest.mark.parametrize("key", ["temperature", "top_p"])
def test_what_the_study_says_is_never_left_out(key):
    assert key_of(f"Unsupported parameter: '{key}' is not supported with this model.", ALL | {key: 0.5}) is None


def test_one_prompt_that_does_not_fit_changes_no_other_requests_limit():
    """servers/vllm-context: the name of a key was learnt from it, and 16 tokens written from then on."""
    greedy = GREEDY | {"max_tokens": 450}
    with answering(vllm_of_two_names) as told:
        message = refused(told, prompts=["a", "b" * 900, "c"], n=1, decoding=greedy, concurrency=1)
        assert {body.get("max_tokens") for body in told.bodies} == {450}
        drawn, engine = generate(told, ["a", "c"], 1, greedy)
    assert "refuses what T/1 asks (400: 'max_tokens' or 'max_completion_tokens' is too large" in message
    assert message.endswith("; decoding.max_tokens is what is asked of every problem.")
    assert [row[0].text for row in drawn] == ["x" * 20] * 2
    assert engine.server.without == set()


def test_what_one_path_does_not_take_is_still_sent_on_the_other():
    def say(body, number):
        if "messages" in body:
            if "max_tokens" in body:
                return said("Use 'max_completion_tokens' instead.", param="max_tokens", code="unsupported_parameter")
            return answer(body)
        return reads_back(body, number) if body.get("max_tokens") == 1 else said("max_tokens is missing")

    with answering(say) as told:
        _, engine = generate(told, ["a"], 1, CHAT, chat=True)
        assert endpoint.score(engine, [("ab", "c")])[0][0][1] == 1
    assert told.bodies[1]["max_completion_tokens"] == 24 and "max_tokens" not in told.bodies[1]
    assert endpoint.facts(engine)["without"] == ["max_tokens"]


def test_what_was_left_out_is_said_in_a_sentence_a_model():
    notes = [{"url": "http://h/v1", "without": ["top_k"]}, {"url": "http://h/v1", "without": ["seed"]}, {}]
    (sentence,) = shortfalls.sentences("theirs", shortfalls.of_model(notes))
    assert sentence == (
        "theirs: http://h/v1 does not take all that is asked, and requests went without seed (asked again it would "
        "write other samples), top_k (what it adds by itself stays)."
    )
    assert shortfalls.sentences("theirs", shortfalls.of_model([{}])) == []


# what is sent


def test_nothing_that_is_a_default_is_sent():
    with answering() as told:
        generate(told, ["a"], 1, CHAT | {"temperature": 1.0, "top_p": 1.0}, chat=True, logprobs=False)
        generate(told, ["a"], 1, GREEDY | {"stop": []}, logprobs=False)
    sampled, greedy = told.bodies
    assert sampled.keys() == {"model", "messages", "temperature", "max_tokens", "seed"}
    assert greedy == {"model": "small", "prompt": "a", "temperature": 0.0, "max_tokens": 24}


@pytest.mark.parametrize(
    ("owner", "off"),
    [
        ("vllm", {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}),
        ("llamacpp", {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}),
        ("openai", {}),
    ],
)
def test_a_server_that_adds_to_sampling_by_itself_is_asked_not_to(owner, off):
    with answering(owner=owner) as told:
        _, engine = generate(told, ["a"], 1)
        generate(told, ["a"], 1, GREEDY)
    sampled, greedy = told.bodies
    keys = ("top_k", "min_p", "repetition_penalty", "repeat_penalty")
    assert [{key: body[key] for key in keys if key in body} for body in told.bodies] == [off] * 2
    assert sampled["top_p"] == 0.95 and greedy.get("top_p") == (1.0 if off else None)
    assert endpoint.facts(engine)["switched_off"] == off | ({"top_p": 1.0} if off else {})


@pytest.mark.parametrize("models", [b"[]", b"<html>", b'{"data": 5}', b'{"data": [null, {"owned_by": ["vllm"]}]}'])
def test_a_list_of_models_that_is_none_says_nothing(models):
    assert http_client._switched_off(json.loads(models) if models[:1] != b"<" else None) == {}


def test_a_server_that_is_busy_for_a_moment_is_known_all_the_same():
    """Or half of a study would be drawn with what the server adds, and half without."""
    with answering(owner="vllm") as told:
        told.models = iter([(503, "busy"), told.models()]).__next__
        generate(told, ["a"], 1)
    assert told.bodies[0]["top_k"] == -1


def test_a_reasoning_model_is_asked_what_it_takes():
    """servers/openai-reasoning and no-greedy."""
    thinking = CHAT | {"temperature": 1.0, "top_p": 1.0}
    with answering(reasoning) as told:
        drawn, engine = generate(told, ["a", "b"], 2, thinking, chat=True, logprobs=False)
        assert all(drawn[0] + drawn[1])
        assert engine.server.without == {"max_tokens"}
        _, engine = generate(told, ["a"], 1, thinking, chat=True)  # without being told that it gives none
        assert engine.server.without == {"max_tokens", "logprobs"}
    refusing = functools.partial(reasoning, no_logprobs=said("logprobs is not supported", param="logprobs"))
    with answering(refusing) as told:
        assert generate(told, ["a"], 1, thinking, chat=True)[1].server.without == {"max_tokens", "logprobs"}


def test_a_refusal_of_what_the_study_says_names_the_key_that_says_it():
    with answering(reasoning) as told:
        message = refused(told, prompts=["a"], decoding=GREEDY | {"stop": []}, chat=True)
        assert message.endswith(
            "; 'models.theirs.greedy: false' draws no greedy samples, which are asked at temperature 0."
        )
        message = refused(told, prompts=["a"], decoding=CHAT | {"top_p": 1.0}, chat=True)
        assert message.endswith("; set decoding.temperature to one that it takes, perhaps 1, the API's own.")
        message = refused(told, prompts=["a"], decoding=CHAT | {"temperature": 1.0}, chat=True)
        assert message.endswith("; 'decoding.top_p: null' sends none.")
    with answering(lambda body, number: said("Requested logprobs of 1, which is greater than max allowed: 0")) as told:
        assert refused(told, prompts=["a"]).endswith("; 'models.theirs.logprobs: false' asks for none.")


def test_newer_claude_is_asked_by_temperature_alone():
    with answering(claude) as told:
        message = refused(told, prompts=["a"], n=1, decoding=CHAT, chat=True)
        assert message.endswith("; 'decoding.top_p: null' sends none.")
        drawn, engine = generate(told, ["a"], 3, CHAT | {"top_p": 1.0}, chat=True)
        generate(told, ["a"], 1, GREEDY | {"stop": []}, chat=True)
    assert len(drawn[0]) == 3 and engine.server.without == {"n"}


def test_a_model_without_a_temperature_is_asked_without_one_where_the_study_has_1():
    def say(body, number):
        return said("`temperature` is deprecated for this model.") if "temperature" in body else answer(body)

    with answering(say) as told:
        _, engine = generate(told, ["a"], 1, CHAT | {"temperature": 1.0, "top_p": 1.0}, chat=True)
        assert engine.server.without == {"temperature"}
        assert "set decoding.temperature to one that it takes" in refused(told, prompts=["a"], n=1)


def test_a_server_that_takes_no_top_p_of_1_gives_greedy_samples():
    with answering(tgi) as told:
        assert generate(told, ["a"], 1, GREEDY)[0][0][0]
        assert all(generate(told, ["a"], 3)[0][0])


def study(**model):
    theirs = {"engine": "endpoint", "url": "http://host:8000/v1", "served": "large", "samples": 4} | model
    return load_study({"models": {"theirs": theirs, "live": {"engine": "vllm", "weights": "org/small", "samples": 4}}})


def test_greedy_false_draws_no_greedy_samples():
    given = study(greedy=False)
    assert given.decodings("theirs") == ("sampled",) and given.decodings("live") == ("sampled", "greedy")
    assert json.loads(stage_settings.estimate(given, "humaneval", "theirs"))["greedy"] is False
    assert json.loads(stage_settings.aggregate(given))["greedy"] == ["live"]
    assert study(greedy=True).decodings("theirs") == study().decodings("theirs") == ("sampled", "greedy")


def test_greedy_is_a_path_for_an_import_and_a_yes_or_no_for_others(tmp_path):
    theirs = {"engine": "import", "path": "samples.jsonl", "samples": 4}

    def decodings(**changes):
        return load_study({"models": {"theirs": theirs | changes}}).decodings("theirs")

    assert decodings() == decodings(greedy=False) == ("sampled",)
    assert decodings(greedy="greedy.jsonl") == ("sampled", "greedy")
    with pytest.raises(
        StudyError, match="models.theirs: 'greedy' names the file that holds an import's greedy samples"
    ):
        decodings(greedy=True)
    with pytest.raises(StudyError, match="'greedy' is true or false where samples are drawn, not 'greedy.jsonl'"):
        study(greedy="greedy.jsonl")


def test_what_a_study_is_drawn_with_stays_as_it_was():
    """The settings strings of samples and calibrations: had one another byte, all would be drawn again."""
    stop = ["\nclass ", "\ndef ", "\n#", "\n@", "\nif ", "\nprint(", "\nassert ", "\nimport ", "\nfrom ", "\n```"]
    stop = json.dumps(stop)
    for given in (study(), study(greedy=True), study(logprobs=False)):
        assert stage_settings.sample(given, "humaneval", "theirs", "sampled") == (
            f'{{"decoding": {{"max_tokens": 512, "stop": {stop}, "temperature": 0.8, "top_p": 0.95}}, '
            '"engine": "endpoint", "n": 4, "protocol": 1, "served": "large"}'
        )
        assert stage_settings.sample(given, "humaneval", "theirs", "greedy") == (
            f'{{"decoding": {{"max_tokens": 512, "stop": {stop}, "temperature": 0.0, "top_p": 1.0}}, '
            '"engine": "endpoint", "n": 1, "protocol": 1, "served": "large"}'
        )
        assert stage_settings.calibrate(given, "theirs") == (
            f'{{"concurrency": 64, "decoding": {{"max_tokens": 512, "stop": {stop}, "temperature": 0.8, "top_p": '
            '0.95}, "engine": "endpoint", "n": 4, "prompts": 32, "protocol": 1, "requests_per_minute": null, '
            '"score": false, "served": "large", "tokens_per_minute": null, "url": "http://host:8000/v1"}'
        )


def test_top_p_null_cuts_nothing_off():
    def drawn(top_p):
        given = load_study({"models": {"m": {"engine": "recorded", "samples": 4}}, "decoding": {"top_p": top_p}})
        return json.loads(stage_settings.sample(given, "humaneval", "m", "sampled"))["decoding"]["top_p"]

    assert drawn(None) == drawn(1) == 1.0


# the way there


def test_a_runtime_folder_that_is_not_there_changes_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run/user/0"))
    with answering() as told:
        assert generate(told, ["a"], 1)[0][0][0]


ASK_EIGHT = """
import os
from helpers import answering, endpoint_engine
from isobudget.engines import endpoint
engine = endpoint.load({"served": "small"}, answering.REACH | {"url": os.environ["URL"]}, "theirs")
endpoint.generate(engine, [str(index) for index in range(8)], endpoint_engine.DECODING, 1)
"""


def test_jobs_of_one_machine_meet_whatever_their_runtime_folders(monkeypatch, tmp_path):
    def say(body, number):
        time.sleep(0.1)
        return answer(body)

    line = [sys.executable, "-c", ASK_EIGHT]
    with answering(say) as told:
        for name in ("here", "there"):
            (tmp_path / name).mkdir()
        jobs = [
            subprocess.Popen(
                line,
                cwd=ROOT / "tests",
                env=os.environ
                | {"XDG_RUNTIME_DIR": str(tmp_path / name), "TMPDIR": str(tmp_path / name), "URL": told.url},
            )
            for name in ("here", "there")
        ]
        assert [job.wait() for job in jobs] == [0, 0]
    assert len(told.bodies) == 16
    assert told.most == 4


def test_a_lock_that_this_user_may_not_write_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(http_client, "MEETING", str(tmp_path / "none"))
    monkeypatch.setattr(http_client.tempfile, "gettempdir", lambda: str(tmp_path / "none either"))
    with answering() as told:
        assert "models.theirs: jobs that ask one server take turns by a file isobudget-" in refused(told, prompts=["a"])


PROXIES = [
    ("ALL_PROXY", "socks5://10.9.8.7:1080"),
    ("http_proxy", "socks5h://10.9.8.7:1080"),
    ("HTTP_PROXY", "nonsense://x"),
]


@pytest.mark.parametrize(("variable", "proxy"), PROXIES)
def test_a_proxy_that_is_not_for_the_address_is_not_looked_at(variable, proxy, monkeypatch):
    monkeypatch.setenv(variable, proxy)
    monkeypatch.setenv("NO_PROXY", "example.com, 127.0.0.0/8")
    with answering() as told:
        assert generate(told, ["a"], 1)[0][0][0]


@pytest.mark.parametrize(
    ("variable", "proxy", "words"),
    [
        (
            "ALL_PROXY",
            "socks5://10.9.8.7:1080",
            "ALL_PROXY names, and that is a SOCKS proxy, for which the package socksio",
        ),
        (
            "http_proxy",
            "nonsense://me:secret@x",
            "http_proxy names, and that is no address of a proxy; correct or unset",
        ),
    ],
)
def test_a_proxy_that_cannot_be_used_is_one_sentence(variable, proxy, words, monkeypatch):
    monkeypatch.setenv(variable, proxy)
    with answering() as told:
        message = refused(told, prompts=["a"], url="http://models.example.com/v1")
    assert message.startswith("models.theirs: http://models.example.com/v1 would be asked through what the environment")
    assert words in message and message.endswith("add models.example.com to NO_PROXY.")
    assert "secret" not in message


def test_a_proxy_that_does_not_answer_is_named(monkeypatch):
    with answering() as told:
        pass
    monkeypatch.setenv("HTTP_PROXY", told.url.removesuffix("/v1"))
    message = refused(told, prompts=["a"], url="http://models.example.com/v1")
    assert "); it was asked through the proxy that HTTP_PROXY names; start the server, or correct models" in message


@pytest.mark.parametrize(
    ("url", "no_proxy", "through"),
    [
        ("http://host:8000/v1", "", True),
        ("http://host:8000/v1", "*", False),
        ("http://host:8000/v1", "host", False),
        ("http://host:8000/v1", "host:8000", False),
        ("http://host:8000/v1", "host:9000", True),
        ("http://gpu.cluster.example/v1", ".example", False),
        ("http://gpu.cluster.example/v1", "*.cluster.example,other", False),
        ("http://notcluster.example/v1", "cluster.example", True),
        ("http://10.1.2.3:8000/v1", "10.0.0.0/8", False),
        ("http://11.1.2.3:8000/v1", "10.0.0.0/8", True),
        ("http://10.1.2.3:8000/v1", "10.1.2.3", False),
        ("http://[fd00::5]:8000/v1", "fd00::/8", False),
        ("http://127.0.0.1:8000/v1", "", False),
        ("http://localhost:8000/v1", "", False),
        ("http://[::1]:8000/v1", "", False),
        ("https://host/v1", "", False),  # only http has one here
    ],
)
def test_no_proxy_covers_names_networks_and_this_machine(url, no_proxy, through, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "10.9.8.7:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert connection.proxy_of(url) == (("http://10.9.8.7:3128", "HTTP_PROXY") if through else (None, None))


def test_certificates_that_are_not_there_matter_only_where_they_are_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    with answering() as told:
        assert generate(told, ["a"], 1)[0][0][0]
        message = refused(told, prompts=["a"], url="https://127.0.0.1:1/v1")
        assert "by the certificates that the environment variable SSL_CERT_FILE names, and " in message
        assert message.endswith("gone.pem cannot be read (No such file or directory); correct or unset it.")
        (tmp_path / "gone.pem").write_text("no certificate")
        assert "cannot be read (holds no certificates)" in refused(told, prompts=["a"], url="https://127.0.0.1:1/v1")


FOREIGN = [
    (
        "<html>Welcome</html>",
        {"Content-Type": "text/html"},
        "no JSON (<html>Welcome</html>); correct models.theirs.url",
    ),
    ({"status": "ok"}, {}, 'other JSON ({"status": "ok"}); correct models.theirs.url, to which /completions is added'),
    (["models"], {}, 'other JSON (["models"]); correct models.theirs.url'),
    ("", {"Content-Type": "text/plain"}, "no JSON (nothing); correct models.theirs.url"),
    ('data: {"choices": []}\n\n', {"Content-Type": "text/event-stream"}, "an event stream (data: "),
    ('data: {"choices": []}\n\n', {}, "an event stream (data: "),
]


@pytest.mark.parametrize(("text", "headers", "words"), FOREIGN, ids=str)
def test_a_success_that_is_none_is_said_at_once(text, headers, words):
    with answering(lambda body, number: (200, text, headers)) as told:
        message = refused(told, prompts=["a"], n=1, concurrency=1)
    assert len(told.bodies) == 1
    assert f"models.theirs: asked for T/0, {told.url}/completions answers with {words}" in message


@pytest.mark.parametrize(("text", "headers", "words"), FOREIGN[:4], ids=str)
def test_the_same_from_a_server_that_has_answered_before_is_asked_again(text, headers, words):
    def say(body, number):
        return (200, text, headers) if number == 1 else answer(body)

    with answering(say) as told:
        drawn, engine = generate(told, ["a", "b", "c"], 1, concurrency=1)
    assert all(row[0] for row in drawn) and engine.server.repeated == 1


def test_another_method_or_another_address_is_said_at_once():
    with answering(lambda body, number: (405, {"detail": "Method Not Allowed"})) as told:
        assert "correct models.theirs.served, or models.theirs.url, which ends before" in refused(told, prompts=["a"])
    with answering(lambda body, number: (308, "", {"Location": "https://elsewhere/v1"})) as told:
        assert refused(told, prompts=["a"]) == (
            f"models.theirs: {told.url} sends requests on to https://elsewhere/v1; correct models.theirs.url."
        )


def drawn_as(texts, temperature=0.8):
    rows = [[Completion(text, 7, 5, -1.0, "stop") for text in row] for row in texts]
    return shortfalls.of_block(rows, {"temperature": temperature})


def test_identical_choices_are_counted_where_the_temperature_is_above_0():
    assert drawn_as([["x", "x"], ["x", "y"], ["y", "y"]]) == {"samples": 6, "unscored": 0, "several": 3, "identical": 2}
    assert drawn_as([["x", "x"]], temperature=0.0)["identical"] == 0
    assert drawn_as([["x"], ["x"]])["identical"] == 0
    (sentence,) = shortfalls.sentences("theirs", shortfalls.of_model([drawn_as([["x", "x"]]), drawn_as([["x"]], 0.0)]))
    assert sentence.startswith("theirs: 1 of the 1 times that a job drew several samples of a problem they are one and")
    assert shortfalls.sentences("theirs", drawn_as([["x", "x"], ["x", "y"]])) == []
