"""The report stage: its page and its files hold what the database holds, and a file that is none is named."""

import csv
import math
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from helpers import small_study
from helpers.made_database import LARGE, SMALL, ask, build_database, report, rewritten
from isobudget.files.errors import StudyError
from isobudget.report import curves, table
from isobudget.report.database import COLUMNS, read_study


def test_texts_without_a_program_are_counted_by_reason(tmp_path):
    database = build_database(tmp_path / "isobudget.duckdb", resamples=20)
    assert "Texts without a program" not in report(database, tmp_path / "before").read_text()
    with duckdb.connect(str(database)) as connection:
        for reason, where in (
            ("empty", "model = 'qwen2.5-coder-0.5b' AND decoding = 'sampled' AND task_id = 'T/1' AND sample < 2"),
            (
                "only thinking",
                "model = 'qwen2.5-coder-0.5b' AND decoding = 'sampled' AND task_id = 'T/2' AND sample < 11",
            ),
            ("no code", "model = 'qwen2.5-coder-1.5b' AND decoding = 'greedy' AND task_id = 'T/3'"),
        ):
            connection.execute(f"UPDATE outcomes SET verdict = 'rejected', detail = '{reason}' WHERE {where}")
    page = report(database, tmp_path / "after").read_text()
    told = re.search(r"Texts without a program: (.*?)\.</p>", page)[1]
    assert told == f"{SMALL}, sampled: 13 (11 only thinking, 2 empty); {LARGE}, greedy: 1 (1 no code)"


def test_the_page_names_no_other_place(written):
    page = (written / "index.html").read_text()
    assert set(re.findall(r"https?:[^\"]*", page)) == {"http://www.w3.org/2000/svg"}  # a name, asked of no one
    assert not re.findall(r"@import|<link|<img|<iframe|src=|url\((?!#)", page)
    assert re.findall(r"<script[^>]*>", page) == ['<script type="application/json" id="data">', "<script>"]
    links = re.findall(r'href="([^#"][^"]*)"', page)
    assert sorted(links) == sorted(f"tables/{name}.csv" for name in COLUMNS)
    assert all((written / link).is_file() for link in links)


def test_ids_on_the_page_are_unique_and_references_meet_one(written):
    page = (written / "index.html").read_text()
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    pointed = set(re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', page))
    assert len(pointed) > 10
    assert {a or b for a, b in pointed} <= set(ids)


def test_the_page_shows_the_winners_of_the_database(database, written):
    page = re.sub(r"<[^>]*>", " ", (written / "index.html").read_text())
    page = re.sub(r"\s+", " ", page)
    query = (
        "SELECT budget, model, k, value, low, high, runner_up, runner_up_k, margin FROM winners WHERE unit = 'flops'"
    )
    rows = ask(database, query + " ORDER BY budget")
    assert [row[0] for row in rows] == [1, 2, 3.1, 4, 8, 18]
    for _, model, k, value, low, high, other, other_k, margin in rows:
        line = f"{model[-4:]} × {k} {100 * value:.1f} % {100 * low:.1f} to {100 * high:.1f} "
        line += f"{other[-4:]} × {other_k} {100 * margin:+.1f} " if other else "no other model has a score"
        assert line in page


def test_the_csv_files_are_the_tables(database, written):
    for name, columns in COLUMNS.items():
        with (written / f"tables/{name}.csv").open(newline="") as file:
            head, *lines = csv.reader(file)
        assert head == columns.split()
        rows = ask(database, f"SELECT {', '.join(head)} FROM {name}")
        assert sorted(lines) == sorted(["" if each is None else str(each) for each in row] for row in rows)


def test_a_second_run_writes_the_same_bytes(database, written, tmp_path):
    report(database, tmp_path, problems={"humaneval": 164})
    again = {file.relative_to(tmp_path): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    first = {file.relative_to(written): file.read_bytes() for file in written.rglob("*") if file.is_file()}
    del first[Path("log")]
    assert again == first


def test_problems_that_were_left_out_are_named(tmp_path):
    database = build_database(tmp_path / "isobudget.duckdb", {SMALL: (8, 0.5, 1.0)}, problems=8, units=("flops",))
    assert "Left out and counted nowhere" not in report(database, tmp_path / "whole").read_text()
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE TABLE problems AS SELECT DISTINCT benchmark, task_id FROM outcomes")
        connection.execute("INSERT INTO problems VALUES ('humaneval', 'Broken/2'), ('humaneval', 'Broken/1')")
        connection.execute("INSERT INTO problems VALUES ('other', 'Unjudged/1')")
    page = report(database, tmp_path / "part").read_text()
    assert "counted nowhere, because no reference solution passes their own tests here: Broken/1, Broken/2." in page
    assert "Unjudged" not in page


def test_the_database_of_the_store_stage_is_read(tmp_path):
    small_study.write_study(tmp_path)
    assert small_study.aggregate(tmp_path).returncode == 0
    study = read_study(tmp_path / "isobudget.duckdb")
    assert study.benchmarks == ["humaneval"]
    assert study.models == ["S", "L"]
    assert [row.problems for row in study.problems] == [3]
    assert (study.n("humaneval", "S"), study.n("humaneval", "L")) == (8, 4)
    assert len(study.rank_score_at_budget) > 5
    for row in study.rank_score_at_budget:  # the figures charge for ranking as the store does
        each, once = curves.candidate_cost(study, row.unit, row.model, row.ranker)
        assert row.k == math.floor((row.budget_absolute - once) / each * (1 + 1e-9))
    assert "budget 16, 64: no score, it buys no generation or more than half of the samples" in table.table(study)
    page = report(tmp_path / "isobudget.duckdb", tmp_path / "report").read_text()
    assert "resamples 50, seed 0" in page
    assert "Budget 16, 64: no score" in page


@pytest.mark.parametrize("size", [0, 5_000, 300_000, -1])
def test_a_truncated_database_is_named(database, tmp_path, size):
    path = tmp_path / "isobudget.duckdb"
    path.write_bytes(database.read_bytes()[:size])
    with pytest.raises(StudyError, match=f"^{re.escape(str(path))}: not a whole database of isobudget .*delete it"):
        read_study(path)


def test_a_foreign_file_is_named_and_nothing_is_written(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no database\n" * 1000)
    command = [
        sys.executable,
        "-m",
        "isobudget.report",
        "--database",
        str(path),
        "--output",
        str(tmp_path / "r/index.html"),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"isobudget: {path}: not a whole database of isobudget")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "r").exists()
    done = subprocess.run(
        [sys.executable, "-m", "isobudget.report.table", "--database", str(tmp_path / "none")],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"isobudget: {tmp_path / 'none'}: there is no such file")


def test_a_database_of_something_else_is_named(database, tmp_path):
    with pytest.raises(StudyError, match="isobudget.duckdb: no database of isobudget, table 'winners' is missing"):
        rewritten(database, tmp_path, "DROP TABLE winners")
    with pytest.raises(StudyError, match="column 'high' of table 'pass_at_k' is missing"):
        rewritten(database, tmp_path, "ALTER TABLE pass_at_k DROP COLUMN high")
