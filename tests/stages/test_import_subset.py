"""Files that are no whole benchmark, or more than one: what is left out is counted and named, the rest is read."""

import json
import shutil
from types import SimpleNamespace

import duckdb
import pytest

from helpers.imported_samples import IDS, PROBLEMS, json_lines
from helpers.small_study import SETTINGS, TASKS, aggregate, estimate, stage
from isobudget.extraction import as_it_stands
from isobudget.files import tables
from isobudget.files.errors import StudyError
from isobudget.problems import mbpp
from isobudget.report.database import read_study
from isobudget.report.table import table
from isobudget.sampling import from_import
from isobudget.sampling.imported.__main__ import collect


def record(task_id, name, text):
    """A task of MBPP."""
    return {
        "task_id": task_id,
        "text": text,
        "code": f"def {name}(x):\n    return {task_id}",
        "test_list": [f"assert {name}(1) == {task_id}"],
    }


MBPP = mbpp.as_problems(
    [record(n, f"shot_{n}", "Write nothing.") for n in mbpp.EXAMPLES]
    + [record(11, "count", "Write a python function to count letters."), record(12, "sort_matrix", "Write a sort.")]
    # two tasks whose functions have one name, as MBPP has some
    + [
        record(13, "largest", "Write the largest of a list."),
        record(14, "largest", "Write the largest of two numbers."),
    ],
    "mbpp.jsonl",
    split="test",
)


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Run the import stage on JSON lines, or on one JSON value; returns (rows, metadata)."""
    monkeypatch.chdir(tmp_path)

    def run(entries, problems=PROBLEMS, whole=None, form=None):
        if isinstance(entries, list) and form != "json":
            json_lines(tmp_path / "s.jsonl", entries)
        else:
            (tmp_path / "s.jsonl").write_text(json.dumps(entries))
        tables.write_rows("problems.parquet", "problems", problems, {"whole": whole or len(problems)})
        args = {"problems": "problems.parquet", "source": "s.jsonl", "output": "kept.parquet", "least": 1}
        collect(SimpleNamespace(**args, settings={"format": None, "greedy": False}))
        return tables.read_rows("kept.parquet", "imported").to_pylist(), tables.read_metadata(
            "kept.parquet", "imported"
        )

    return run


def test_mbpp_plus_holds_tasks_that_are_none_here_and_lacks_some(read, capsys):
    entries = [{"task_id": f"Mbpp/{n}", "solution": f"# {n}"} for n in (2, 3, 11, 13, 14, 600)]
    rows, note = read(entries, MBPP)
    assert [(row["task_id"], row["text"]) for row in rows] == [
        ("Mbpp/11", "# 11"),
        ("Mbpp/13", "# 13"),
        ("Mbpp/14", "# 14"),
    ]
    assert (note["left_out"], note["unknown"]) == (3, ["Mbpp/2", "Mbpp/3", "Mbpp/600"])
    assert note["missing"] == ["Mbpp/12"]
    said = capsys.readouterr()
    assert "s.jsonl holds samples of 3 of 4 problems, and the study is over those" in said.out + said.err
    assert "it lacks Mbpp/12." in said.out + said.err
    assert (
        "s.jsonl: left out 3 tasks that are no problems of the study: Mbpp/2, Mbpp/3, Mbpp/600." in said.out + said.err
    )


def codet(name, text, samples):
    return {"prompt": f'def {name}(x):\n    """\n    {text}\n    """\n', "samples": samples}


def test_codets_samples_of_mbpp_stand_behind_its_own_prompts(read):
    run_on = "    return 11\n\ndef other():\n    retu"
    rows, note = read(
        [
            codet("count", "Write a python function to count letters.", [run_on]),
            codet("largest", "Write the largest of two numbers.", ["    return 14\n"]),
            codet("shot_2", "Write nothing.", ["    return 2\n"]),
            codet("largest", "Write the largest of two numbers.", ["    return 974\n"]),
            codet("largest", "Write the largest of a tree.", ["    return 600\n"]),
        ],
        MBPP,
    )
    assert [row["task_id"] for row in rows] == ["Mbpp/11", "Mbpp/14"]
    assert (note["form"], note["format"], note["left_out"]) == ("program", "codet", 3)
    # a task of another split, one that MBPP asks for twice, and a function of the same name that does something else
    assert [name.endswith(" (again)") for name in note["unknown"]] == [False, True, False]
    for row, wanted in zip(rows, (11, 14), strict=True):
        problem = next(problem for problem in MBPP if problem["task_id"] == row["task_id"])
        program = as_it_stands(problem["prompt"], row["text"], note["form"]).program
        assert program.endswith(f"    return {wanted}\n")
        compile(program, "program", "exec")  # run by nobody


def test_codets_samples_of_humaneval_stay_behind_the_benchmarks_own_prompt(read):
    rows, note = read([{"prompt": PROBLEMS[1]["prompt"], "samples": ["    return x**2\n"]}])
    assert [(row["task_id"], row["text"]) for row in rows] == [(IDS[1], "    return x**2\n")]
    assert note["form"] == "raw"


def test_livecodebenchs_own_ids_are_known_where_the_benchmark_has_them(read):
    problems = [p | {"task_id": name} for p, name in zip(PROBLEMS, ("1873_A", "abc301_a", "2730"), strict=True)]
    entries = [{"question_id": name, "code_list": [name]} for name in ("2730", "1873_A", "abc301_a", "arc190_a")]
    rows, note = read(entries, problems, form="json")
    assert {row["task_id"]: row["text"] for row in rows} == {name: name for name in ("1873_A", "abc301_a", "2730")}
    assert note["unknown"] == ["arc190_a"]


def test_a_bare_number_of_another_benchmark_is_not_taken_for_one_of_this(read):
    entries = [{"question_id": name, "code_list": ["x"]} for name in ("abc301_a", "2", "1873_A")]
    with pytest.raises(StudyError, match="entry 1: the number 2 may not be this benchmark's, as 'abc301_a' is none of"):
        read(entries, form="json")


def test_a_file_of_another_benchmark_is_refused(read):
    with pytest.raises(StudyError, match="s.jsonl, line 1: there is no task 'Mbpp/11' in the benchmark"):
        read([{"task_id": "Mbpp/11", "solution": "x"}, {"task_id": "Mbpp/12", "solution": "x"}])
    with pytest.raises(StudyError, match="entry 3: the benchmark has 3 problems and no more"):
        read([["x"]] * 4, form="json")  # a list goes by places, and these are another benchmark's


def test_a_list_that_ends_early_is_of_the_first_problems(read):
    rows, note = read([["x"], ["y"]], form="json")
    assert [row["task_id"] for row in rows] == IDS[:2] and note["missing"] == IDS[2:]


def test_a_block_holds_the_problems_that_the_file_has(read):
    read([{"task_id": IDS[0], "completion": "a"}, {"task_id": IDS[2], "completion": "c"}])
    where = {"benchmark": "humaneval", "model": "theirs", "decoding": "sampled", "block": 0}
    rows, note = from_import.samples(PROBLEMS, {"n": 4}, where, "kept.parquet")
    assert [(row["task_id"], row["sample"], row["text"]) for row in rows] == [(IDS[0], 0, "a"), (IDS[2], 0, "c")]
    assert note["n"] == 1


@pytest.fixture
def study(small, tmp_path):
    """The small study, where L is imported from a file without the second problem, which S has."""
    results = shutil.copytree(small, tmp_path / "results")
    for file in results.glob("*/humaneval/L/*/*.parquet"):
        kind = file.relative_to(results).parts[0]
        rows = [row for row in tables.read_rows(file, kind).to_pylist() if row["task_id"] != TASKS[1]]
        tables.write_rows(file, kind, rows)
    for file in results.glob("scores/*/humaneval/L/*/*.parquet"):
        rows = [row for row in tables.read_rows(file, "scores").to_pylist() if row["task_id"] != TASKS[1]]
        tables.write_rows(file, "scores", rows)
    note = {"source": "l.jsonl", "missing": [TASKS[1]], "unknown": ["T/9"], "n": 4}
    for decoding in ("sampled", "greedy"):
        tables.write_rows(results / f"imported/humaneval/L/{decoding}.parquet", "imported", [], note)
    return results


IMPORTED = [["L", "greedy"], ["L", "sampled"]]


def test_all_models_are_scored_on_the_problems_that_every_file_has(study):
    for model in ("S", "L"):
        estimate(study, model, imported=IMPORTED)
        rows = tables.read_rows(study / f"estimates/humaneval/{model}.parquet", "estimates").to_pylist()
        assert {row["problems"] for row in rows} == {2}
    # of S two of eight pass on the first problem and none on the third; of L three of four, and one
    shares = {"S": (2 / 8 + 0) / 2, "L": (3 / 4 + 1 / 4) / 2}
    done = aggregate(study, imported=["L"])
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(study / "isobudget.duckdb"), read_only=True) as connection:

        def ask(query):
            return connection.execute(query).fetchall()

        assert dict(ask("SELECT model, value FROM pass_at_k WHERE k = 1")) == pytest.approx(shares)
        assert ask("SELECT DISTINCT task_id FROM counts ORDER BY ALL") == [(TASKS[0],), (TASKS[2],)]
        assert ask("SELECT count(*) > 0 FROM mixes") == ask("SELECT count(*) > 0 FROM margins") == [(True,)]
    found = read_study(study / "isobudget.duckdb", {"humaneval": 164})
    said = " ".join(table(found).split())
    assert "humaneval, 2 of its 164 problems" in said
    assert (
        "l.jsonl holds samples of 2 of 3 problems, and the study is over those that every imported file holds; it "
        in said
    )
    assert "it lacks T/1." in said and "l.jsonl: left out 1 task that is no problem of the study: T/9." in said


def test_files_that_share_no_problem_end_in_one_sentence(study):
    note = {"source": "o.jsonl", "missing": [TASKS[0], TASKS[2]], "n": 4}
    tables.write_rows(study / "imported/humaneval/O/sampled.parquet", "imported", [], note)
    settings = {"benchmark": "humaneval", "model": "S", "blocks": 2, "greedy": True, "rankers": SETTINGS["rankers"]}
    settings |= {"bootstrap": SETTINGS["bootstrap"], "imported": [*IMPORTED, ["O", "sampled"]]}
    output = study / "estimates/humaneval/S.parquet"
    done = stage("estimates", output, study, settings)
    assert done.returncode == 1
    assert "no problem of it is in every imported file; import files of the same problems." in done.stderr
