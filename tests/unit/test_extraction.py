"""From a model's text to a program: nothing that holds one is lost, and nothing runs."""

import json
import time

import pytest

from helpers.awkward import ANSWERS, CUT_OFF, PROMPT
from isobudget import extraction
from isobudget.study.benchmarks import PYTHON_STOPS
from peers.ask_evalplus import RECORD, SAMPLES, checksum, keeps, recorded

BLOCKS = sorted(str(file.relative_to(SAMPLES).with_suffix("")) for file in SAMPLES.rglob("*.parquet"))
PEER = json.loads(RECORD.read_text())


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.name)
def test_an_awkward_answer_gives_the_program_that_is_in_it(answer):
    found = extraction.from_answer(answer.prompt, answer.text, answer.entry_point)
    assert found == (answer.program, answer.reason)
    assert found.reason in (*extraction.REASONS, None)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.name)
def test_a_program_that_was_taken_out_is_taken_out_of_itself_unchanged(answer):
    """Being read once more, without its fences and its prose, adds nothing and loses nothing."""
    if answer.program is None or not keeps(answer.program, answer.entry_point):
        return
    assert extraction.from_answer(answer.prompt, answer.program, answer.entry_point).program == answer.program


def test_no_awkward_answer_is_lost_that_evalplus_keeps():
    held = {answer.name: answer for answer in ANSWERS}
    assert set(PEER["answers"]) <= set(held)
    ours = {name for name, answer in held.items() if answer.entry_point and keeps(answer.program, answer.entry_point)}
    assert set(PEER["answers"]) - ours == {CUT_OFF}  # a draft in thoughts that were cut off is no answer
    assert len(ours) >= len(PEER["answers"]) + 20


@pytest.mark.parametrize("block", sorted(PEER["blocks"]))
def test_no_recorded_text_is_lost_that_evalplus_keeps(block):
    """Read as an answer, which is how evalplus reads it: the prompt, and behind it the whole raw completion."""
    assert checksum(block) == PEER["blocks"][block]["sha256"], "other texts: run tests/peers/ask_evalplus.py again"
    lost = []
    for name, problem, text in recorded(block):
        found = extraction.from_answer(problem["prompt"], f"{problem['prompt']}\n{text}", problem["entry_point"])
        if not keeps(found.program, problem["entry_point"]):
            lost.append(name)
    assert set(lost) <= set(PEER["blocks"][block]["not_kept"])


@pytest.mark.parametrize("block", BLOCKS)
def test_a_recorded_completion_is_the_program_that_cutting_it_gives(block):
    """The prompt, and the text up to the earliest stop sequence; what the model meant as code is Python then."""
    texts, broken = 0, []
    for name, problem, text in recorded(block):
        found = extraction.from_completion(problem["prompt"], text, PYTHON_STOPS)
        ends = [text.index(stop) for stop in PYTHON_STOPS if stop in text]
        assert found == (problem["prompt"] + text[: min(ends, default=len(text))], None)
        texts += 1
        if not keeps(found.program, problem["entry_point"]):
            broken.append(name)
    # a small model now and then opens what it never closes: such a program is run, and ends with `error`
    assert len(broken) <= 0.02 * texts, broken


def test_extraction_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (
        "import os\nos.mkdir('ran')\nX = open('ran.txt', 'w')\ndef total(n, made=os.mkdir('too')):\n    return X, os\n"
    )
    found = extraction.from_answer(PROMPT, f"```python\n{text}```", "total")
    assert "X = open('ran.txt', 'w')" in found.program
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "def total(n):\n    return " + "[" * 3000,
        "def total(n):\n    return " + "1+" * 100_000 + "1",
        "def total(n):\n    return " + "-" * 200_000 + "1",
        "def total(n):\n    return n" + ".n" * 50_000,
        "def total(n):\n" * 4000,
        "x = (\n" * 4000,
        "x = '''\n" * 4001,
        "```\n" * 10_000,
        "```python\nx = (\n```\n" * 2000,
        "<think>" * 10_000,
        "def total(n):\n    return v\n" + "".join(f"v{i} = v{i - 1} + 1\n" for i in range(4000)),
        "\ud800\0" * 5000,
    ],
    ids=lambda text: repr(text[:30]),
)
def test_no_text_takes_long(text):
    """Models write such texts now and then; a second is a thousand times what an answer takes."""
    started = time.process_time()
    extraction.from_answer(PROMPT, text, "total")
    extraction.from_answer("", text, None)
    assert time.process_time() - started < 2
