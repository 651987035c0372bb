"""The report stage: what it shows is what the database holds."""

import argparse
import csv
import itertools
import math
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from math import comb
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import small_study
from matplotlib.image import imread

from isobudget.errors import StudyError
from isobudget.report import answer, curves, figures, table
from isobudget.report.__main__ import write_report
from isobudget.report.amounts import amount, digits, points, short_names
from isobudget.report.database import COLUMNS, read_study
from isobudget.store.prices import candidate

SMALL, LARGE = "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"
TYPES = {
    "benchmark": "VARCHAR", "model": "VARCHAR", "ranker": "VARCHAR", "unit": "VARCHAR", "how": "VARCHAR",
    "runner_up": "VARCHAR", "k": "INTEGER", "runner_up_k": "INTEGER", "source": "VARCHAR", "chooser": "VARCHAR",
    "other": "VARCHAR", "single": "VARCHAR", "equal_cost": "BOOLEAN", "most_k": "INTEGER", "n": "INTEGER",
}  # fmt: skip


def build_database(
    path,
    models=None,
    benchmarks=("humaneval",),
    problems=40,
    units=("flops", "seconds"),
    rankers=("nll:self", "shortest", "random"),
    budgets=(1, 2, 4, 8),
    resamples=200,
):
    """A database of the store's tables, drawn from seeded verdicts and scored from them.

    models: {name: (n, chance to pass, cost in cheapest generations)}, the cheapest first.
    """
    models = models or {SMALL: (32, 0.5, 1.0), LARGE: (12, 0.65, 3.1)}
    absolute = {"flops": 1.26e11, "seconds": 0.62, "usd": 2.4e-5}
    rng = random.Random(7)
    tables = {name: [] for name in COLUMNS}
    outcomes = []
    for unit in units:
        for model, (_, _, cost) in models.items():
            if cost is not None:
                generation = cost * absolute[unit]
                tables["costs"].append((model, unit, generation, generation * 0.3, cost, f"made up, {unit}"))
        paid = {row[0]: row[2:4] for row in tables["costs"] if row[1] == unit}
        for model, ranker in itertools.product(paid, rankers):
            cost = candidate(ranker, model, paid)
            if cost:
                tables["candidate_costs"].append((model, ranker, unit, *cost))
    for benchmark in benchmarks:
        hard = [rng.betavariate(0.9, 0.9) for _ in range(problems)]
        draws = [[rng.randrange(problems) for _ in range(problems)] for _ in range(resamples)]
        curve, per_problem = {}, {}
        for model, (n, skill, _) in models.items():
            passed = [[rng.random() < skill ** (0.2 + 3 * h) for _ in range(n)] for h in hard]
            for task, row in enumerate(passed):
                greedy = rng.random() < skill
                outcomes.append((benchmark, model, "greedy", f"T/{task}", 0, "passed" if greedy else "failed"))
                for sample, good in enumerate(row):
                    bad = rng.choice(["failed", "failed", "error", "timeout"])
                    outcomes.append((benchmark, model, "sampled", f"T/{task}", sample, "passed" if good else bad))
            for k in range(1, n // 2 + 1):
                scores = [1 - comb(n - sum(row), k) / comb(n, k) for row in passed]
                per_problem[model, k] = scores
                curve[model, k] = scored(scores, draws)
                tables["pass_at_k"].append((benchmark, model, k, *curve[model, k]))
                for ranker in rankers:
                    value = curve[model, 1][0] + 0.01 * math.log2(k) * (rankers.index(ranker) < 1)
                    tables["rank_score_at_k"].append((benchmark, model, ranker, k, value, value - 0.06, value + 0.06))
            wins = [float(rng.random() < skill + 0.03) for _ in range(problems)]
            tables["greedy"].append((benchmark, model, *scored(wins, draws)))
        for unit in units:
            for budget in budgets:
                here = []
                for model, (n, _, cost) in models.items():
                    k = int(budget / cost + 1e-9) if cost else 0
                    if 1 <= k <= n // 2:
                        here.append((model, k))
                        row = (benchmark, model, unit, budget, budget * absolute[unit], k, *curve[model, k])
                        tables["pass_at_budget"].append(row)
                        for ranker in rankers:
                            value = curve[model, 1][0]
                            row = (benchmark, model, ranker, unit, budget, budget * absolute[unit], k)
                            tables["rank_score_at_budget"].append((*row, value, value - 0.06, value + 0.06))
                here.sort(key=lambda pair: -curve[pair][0])
                if not here:
                    continue
                row = [benchmark, unit, budget, budget * absolute[unit], *here[0], *curve[here[0]]]
                if len(here) > 1:
                    margin = [a - b for a, b in zip(per_problem[here[0]], per_problem[here[1]], strict=True)]
                    row += [*here[1], curve[here[1]][0], *scored(margin, draws)]
                else:
                    row += [None] * 6
                tables["winners"].append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        for name, columns in COLUMNS.items():
            fields = columns.split()
            typed = ", ".join(f"{field} {TYPES.get(field, 'DOUBLE')}" for field in fields)
            connection.execute(f"CREATE TABLE {name} ({typed})")
            if tables[name]:
                connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(fields))})", tables[name])
        connection.execute(
            "CREATE TABLE outcomes "
            "(benchmark VARCHAR, model VARCHAR, decoding VARCHAR, task_id VARCHAR, sample INTEGER, verdict VARCHAR, "
            "detail VARCHAR)"
        )
        names = ["benchmark", "model", "decoding", "task_id", "sample", "verdict"]
        frame = pa.table(dict(zip(names, zip(*outcomes, strict=True), strict=True)))
        connection.register("frame", frame)
        connection.execute("INSERT INTO outcomes BY NAME SELECT * FROM frame")
    return path


def scored(values, draws):
    """Mean and 95 % bootstrap interval over problems."""
    means = sorted(sum(values[i] for i in draw) / len(draw) for draw in draws)
    return sum(values) / len(values), means[int(0.025 * len(means))], means[int(0.975 * len(means)) - 1]


SIX = {
    "code-llama-7b": (40, 0.3, 1.0), "llama-3-8b": (40, 0.42, 1.1), "code-llama-13b": (20, 0.36, 1.95),
    "code-llama-34b": (12, 0.45, 5.08), "code-llama-70b": (10, 0.53, 10.41), "llama-3-70b": (10, 0.6, 10.6),
}  # fmt: skip
RANKERS = ("nll:self", f"nll:{LARGE}", "shortest", "random")


def report(database, folder, **settings):
    output = folder / "index.html"
    write_report(argparse.Namespace(database=str(database), settings=settings, output=str(output)))
    return output


def ask(database, query):
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("two") / "isobudget.duckdb"
    return build_database(path, rankers=RANKERS, budgets=(1, 2, 3.1, 4, 8, 18))


@pytest.fixture(scope="module")
def written(database, tmp_path_factory):
    """The report of the two-model study, made by the command that the rule runs."""
    folder = tmp_path_factory.mktemp("report")
    command = [sys.executable, "-m", "isobudget.report", "--database", database, "--output", folder / "index.html"]
    command += ["--settings", '{"problems": {"humaneval": 164}}', "--log", folder / "log"]
    done = subprocess.run([str(part) for part in command], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def artists(figure):
    """{gid: artist} of a figure."""
    return {each.get_gid(): each for axes in figure.axes for each in axes.get_children() if each.get_gid()}


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


def test_every_figure_is_there_as_svg_and_png(written):
    names = {"pass_at_k", "pass_at_flops", "pass_at_seconds", "rank_score_at_flops", "rank_score_at_seconds"}
    folder = written / "figures/humaneval"
    assert {file.name for file in folder.iterdir()} == {f"{n}.{suffix}" for n in names for suffix in ("svg", "png")}
    for name in names:
        svg = ElementTree.parse(folder / f"{name}.svg").getroot()
        assert svg.tag.endswith("svg")
        words = "".join(text for each in svg.iter() if each.tag.endswith("text") for text in each.itertext())
        assert "% of problems" in words or "rank-score@k" in words, "text must stay text"
        height, width, _ = imread(folder / f"{name}.png").shape
        assert width == round(2 * 100 * figures.WIDTH)
        assert height > 700


@pytest.mark.parametrize(("unit", "factor"), [(None, 1), ("flops", 1e12), ("seconds", 1)])
def test_curves_draw_the_table(database, unit, factor):
    drawn = artists(figures.pass_figure(read_study(database), "humaneval", unit))
    for model in (SMALL, LARGE):
        cost = ask(database, f"SELECT generation FROM costs WHERE model = '{model}' AND unit = '{unit}'")
        cost = cost[0][0] if unit else 1
        rows = ask(database, f"SELECT k, value, low, high FROM pass_at_k WHERE model = '{model}' ORDER BY k")
        line = drawn[f"curve:{model}"]
        assert list(line.get_xdata()) == pytest.approx([k * cost / factor for k, *_ in rows], rel=1e-12)
        assert list(line.get_ydata()) == pytest.approx([100 * value for _, value, *_ in rows], rel=1e-12)
        edge = drawn[f"band:{model}"].get_paths()[0].vertices[:, 1]
        assert {round(y, 9) for y in edge} == {round(100 * y, 9) for *_, low, high in rows for y in (low, high)}
        star = drawn[f"greedy:{model}"].get_xydata()[0]
        greedy = ask(database, f"SELECT value FROM greedy WHERE model = '{model}'")[0][0]
        assert list(star) == pytest.approx([cost / factor, 100 * greedy], rel=1e-12)


def test_the_svg_file_holds_the_curve_to_scale(database, written):
    svg = ElementTree.parse(written / "figures/humaneval/pass_at_k.svg").getroot()
    group = next(each for each in svg.iter() if each.get("id") == f"curve:{SMALL}")
    path = next(each for each in group.iter() if each.tag.endswith("path")).get("d")
    drawn = [(float(x), float(y)) for x, y in re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", path)]
    rows = ask(database, f"SELECT log2(k), value FROM pass_at_k WHERE model = '{SMALL}' ORDER BY k")
    assert len(drawn) == len(rows) == 16
    for axis in (0, 1):  # both axes are linear in log2(k) and in the value
        first, last = rows[0][axis], rows[-1][axis]
        start, end = drawn[0][axis], drawn[-1][axis]
        expected = [start + (row[axis] - first) / (last - first) * (end - start) for row in rows]
        assert [point[axis] for point in drawn] == pytest.approx(expected, abs=1e-3)
    assert drawn[-1][1] < drawn[0][1], "higher scores stand higher"


def test_rank_scores_pay_for_sampling_and_ranking(database):
    drawn = artists(figures.rank_figure(read_study(database), "humaneval", "seconds"))
    cost = dict(ask(database, "SELECT model, generation FROM costs WHERE unit = 'seconds'"))
    reading = ask(database, f"SELECT scoring FROM costs WHERE unit = 'seconds' AND model = '{LARGE}'")[0][0]
    for model, ranker, extra in [
        (SMALL, "nll:self", 0),
        (SMALL, "shortest", 0),
        (SMALL, f"nll:{LARGE}", reading),
        (LARGE, f"nll:{LARGE}", 0),  # its own likelihood was kept when it sampled
    ]:
        query = "SELECT k, value FROM rank_score_at_k WHERE (model, ranker) = (?, ?) ORDER BY k"
        with duckdb.connect(str(database), read_only=True) as connection:
            rows = connection.execute(query, [model, ranker]).fetchall()
        line = drawn[f"rank:{model}:{ranker}"]
        assert list(line.get_xdata()) == pytest.approx([k * (cost[model] + extra) for k, _ in rows], rel=1e-12)
        assert list(line.get_ydata()) == pytest.approx([100 * value for _, value in rows], rel=1e-12)
    assert {f"oracle:{SMALL}", f"oracle:{LARGE}", f"single:{SMALL}@{LARGE}", f"greedy:{LARGE}@{SMALL}"} <= set(drawn)


def test_a_model_has_one_colour_in_every_figure(database):
    study = read_study(database)
    drawn = [figures.pass_figure(study, "humaneval", unit) for unit in (None, "flops")]
    drawn.append(figures.rank_figure(study, "humaneval", "flops"))
    for model in (SMALL, LARGE):
        colours = {
            each.get_color() for figure in drawn for gid, each in artists(figure).items()
            if gid in (f"curve:{model}", f"greedy:{model}", f"rank:{model}:shortest")
        }  # fmt: skip
        assert len(colours) == 1


def test_long_curves_are_thinned_without_changing_a_point():
    k = tuple(range(1, 1001))
    curve = curves.Curve("m", None, k, k, tuple(x / 1000 for x in k), k, k)
    thin = curves.thinned(curve)
    assert thin.k[:32] == k[:32]
    assert thin.k[-1] == 1000
    assert {64, 128, 256, 512} <= set(thin.k)
    assert len(thin.k) < 100
    assert thin.value == tuple(x / 1000 for x in thin.k)
    assert max(b / a for a, b in zip(thin.k[31:], thin.k[32:], strict=False)) < 1.11


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


def test_figures_are_described_for_a_screen_reader(database, written):
    page = (written / "index.html").read_text()
    labels = re.findall(r'<svg role="img" aria-label="([^"]*)"', page)
    assert len(labels) == page.count("<svg ") == 5
    value = ask(database, f"SELECT value FROM pass_at_k WHERE model = '{SMALL}' AND k = 16")[0][0]
    told = next(label for label in labels if "pass@k over k." in label)
    assert f"to {100 * value:.1f} % at k = 16" in told


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


def test_figures_of_an_earlier_study_go(tmp_path):
    old = tmp_path / "figures/mbpp/pass_at_k.svg"
    old.parent.mkdir(parents=True)
    old.write_text("<svg/>")
    mine = tmp_path / "figures/notes.txt"
    mine.write_text("mine")
    database = build_database(tmp_path / "isobudget.duckdb", {SMALL: (4, 0.5, 1.0)}, problems=5, units=("flops",))
    report(database, tmp_path)
    assert not old.exists()
    assert mine.exists()
    assert (tmp_path / "figures/humaneval/pass_at_k.svg").exists()


def test_the_terminal_table_is_the_winners_table(database):
    done = subprocess.run(
        [sys.executable, "-m", "isobudget.report.table", "--database", str(database)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    query = "SELECT budget, budget_absolute, model, k, value, low, high, runner_up, runner_up_k, margin, margin_low, "
    rows = ask(database, query + "margin_high FROM winners WHERE unit = 'flops' ORDER BY budget")
    start = next(i for i, line in enumerate(lines) if line.startswith("budget"))
    heads = ["budget", "TFLOPs", "best", "solves %", "95 % int.", "runner-up", "margin", "95 % int.", "separated"]
    assert re.split(r"\s{2,}", lines[start]) == heads
    for line, row in zip(lines[start + 2 :], rows, strict=False):
        budget, absolute, model, k, value, low, high, other, other_k, *margins = row
        expected = [digits(budget), digits(absolute / 1e12), f"{model[-4:]} x {k}", f"{100 * value:.1f}"]
        expected.append(f"{100 * low:.1f}..{100 * high:.1f}")
        if other:
            margin, margin_low, margin_high = (f"{100 * each:+.1f}" for each in margins)
            expected += [f"{other[-4:]} x {other_k}", margin, f"{margin_low}..{margin_high}"]
            expected.append("yes" if margins[1] > 0 else "no")
        else:
            expected += ["-"] * 4
        assert re.split(r"\s{2,}", line.strip()) == expected
    assert "  budget 18 leaves out 0.5b: x 18 needs 36 samples, 32 were drawn" in lines
    assert "40 of its 164 problems" in lines[0]


def test_six_long_names_still_fit_a_hundred_columns(tmp_path):
    models = {f"{name}-instruct-{'x' * 12}-{name[:2]}": value for name, value in SIX.items()}
    study = read_study(build_database(tmp_path / "six.duckdb", models, problems=12, budgets=(2, 16), units=("flops",)))
    text = table.table(study)
    assert max(map(len, text.splitlines())) <= 100
    best = answer.winners(study, "humaneval", "flops")[0]
    letter = "ABCDEF"[list(models).index(best.model)]
    assert f"{letter} x {best.k}" in text
    assert f"{letter} = {best.model}" in " ".join(text.split())


def rewritten(database, folder, *statements):
    """A copy of the database after some SQL."""
    copy = folder / "isobudget.duckdb"
    copy.write_bytes(database.read_bytes())
    with duckdb.connect(str(copy)) as connection:
        for statement in statements:
            connection.execute(statement)
    return read_study(copy)


def test_an_interval_that_spans_zero_is_no_victory(database, tmp_path):
    study = rewritten(database, tmp_path, "UPDATE winners SET margin = 0.02, margin_low = -0.01, margin_high = 0.05")
    sentence = answer.headline(study, "humaneval", "flops")
    assert sentence.startswith(
        "At the price of one generation of 1.5b (3.1 generations of 0.5b), 0.5b run 3 times and 1.5b run once are not "
        "separated"
    )
    assert "(+2.0 points, 95 % interval -1.0 to +5.0)" in sentence
    assert "beats" not in sentence


def test_an_interval_above_zero_is_one(database, tmp_path):
    study = rewritten(database, tmp_path, "UPDATE winners SET margin = 0.04, margin_low = 0.01, margin_high = 0.07")
    sentence = answer.headline(study, "humaneval", "flops")
    assert "0.5b run 3 times beats 1.5b run once" in sentence
    assert "not separated" not in sentence


def test_a_budget_above_the_price_is_told_as_what_it_is(database, tmp_path):
    study = rewritten(database, tmp_path, "DELETE FROM winners WHERE budget = 3.1")
    sentence = answer.headline(study, "humaneval", "flops")
    assert sentence.startswith(
        "At a budget of 4 generations of 0.5b, which buys 1.5b once (one costs 3.1), 0.5b run 4 times"
    )
    value = ask(database, f"SELECT value FROM pass_at_k WHERE model = '{SMALL}' AND k = 3")[0][0]
    assert f"for just the price of 1.5b once, 0.5b run 3 times solves {100 * value:.1f} %" in sentence


def test_no_budget_that_buys_the_large_model_is_said(database, tmp_path):
    study = rewritten(database, tmp_path, "DELETE FROM winners WHERE budget > 3")
    assert answer.headline(study, "humaneval", "flops") == (
        "One generation of 1.5b costs 3.1 of 0.5b, and no budget of the study reaches that: add 4 to budgets.flops."
    )


def test_without_tests_no_winner_is_named(database):
    study = read_study(database)
    sentence = answer.without_tests(study, "humaneval", "flops")
    greedy = ask(database, f"SELECT value FROM greedy WHERE model = '{LARGE}'")[0][0]
    assert f"one greedy output of 1.5b on {100 * greedy:.1f} %" in sentence
    assert "beats" not in sentence


def test_one_model_answers_nothing_but_is_shown(tmp_path):
    database = build_database(tmp_path / "isobudget.duckdb", {SMALL: (8, 0.5, 1.0)}, problems=8, units=("flops",))
    study = read_study(database, {"humaneval": 164})
    text = table.table(study)
    assert "Only qwen2.5-coder-0.5b has scores and a cost in FLOPs" in " ".join(text.split())
    assert "margin" not in text
    page = report(database, tmp_path, problems={"humaneval": 164}).read_text()
    assert "This study holds 8 of its 164 problems of humaneval" in page
    assert "no other model has a score at this budget" in page


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


def test_a_unit_without_costs_is_left_out(database, tmp_path):
    study = rewritten(
        database, tmp_path, "UPDATE costs SET generation = NULL, relative = NULL WHERE unit = 'seconds'",
        "DELETE FROM winners WHERE unit = 'seconds'", "DELETE FROM candidate_costs WHERE unit = 'seconds'",
        "DELETE FROM pass_at_budget WHERE unit = 'seconds'",
    )  # fmt: skip
    assert figures.pass_figure(study, "humaneval", "seconds") is None
    assert figures.rank_figure(study, "humaneval", "seconds") is None
    assert "equal seconds" not in table.table(study)
    page = report(tmp_path / "isobudget.duckdb", tmp_path / "report").read_text()
    assert "equal seconds" not in page
    assert "unknown" in page
    assert not (tmp_path / "report/figures/humaneval/pass_at_seconds.svg").exists()


def test_a_model_without_a_cost_is_named_under_the_figure(database, tmp_path):
    rewritten(database, tmp_path, f"UPDATE costs SET generation = NULL WHERE unit = 'flops' AND model = '{LARGE}'")
    page = report(tmp_path / "isobudget.duckdb", tmp_path / "report").read_text()
    assert f"Not shown, their cost in FLOPs is unknown: {LARGE}." in page


def test_several_benchmarks_many_models_and_dollars(tmp_path):
    models = dict(list(SIX.items())[:4])
    database = build_database(
        tmp_path / "isobudget.duckdb", models, ("humaneval", "mbpp"), problems=8, units=("flops", "usd"),
        budgets=(1, 16), rankers=("nll:self",), resamples=20,
    )  # fmt: skip
    page = report(database, tmp_path).read_text()
    names = {f"{metric}_at_{over}.svg" for metric in ("pass", "rank_score") for over in ("flops", "usd")}
    for benchmark in ("humaneval", "mbpp"):
        found = {file.name for file in (tmp_path / f"figures/{benchmark}").glob("*.svg")}
        assert found == names | {"pass_at_k.svg"}
        assert f'<section id="{benchmark}" ' in page
    assert "equal US dollars" in page


def test_a_figure_on_the_page_takes_the_colours_of_the_page(written):
    page = (written / "index.html").read_text()
    drawn = re.findall(r"(?:fill|stroke): ([^;\"]+)", "".join(re.findall(r"<svg.*?</svg>", page, re.S)))
    assert len(drawn) > 500
    assert {colour for colour in drawn if not colour.startswith("var(--")} <= {"none"}
    light, dark = page.split("@media (prefers-color-scheme: dark)")[:2]
    for name in {found for colour in drawn for found in re.findall(r"var\((--[\w-]+)", colour)}:
        assert f"{name}: #" in light
        assert f"{name}: #" in dark.split("</style>")[0]


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


def test_figures_are_told_as_a_person_reads_them():
    assert amount("flops", 3.95e11) == "395 GFLOPs"
    assert amount("flops", 3.95e11, 1.76e13) == "0.395 TFLOPs"
    assert amount("flops", 1.76e13) == "17.6 TFLOPs"
    assert amount("seconds", 0.062) == "62 ms"
    assert amount("seconds", 5605) == "5,605 s"
    assert amount("usd", 2.4e-5) == "$0.024/1,000"
    assert amount("usd", 1.5) == "$1.5"
    assert amount("seconds", None) == "unknown"
    assert [points(x) for x in (0.031, -0.0001, -0.02, None)] == ["+3.1", "0.0", "-2.0", "-"]
    assert [digits(x) for x in (1, 3.1234, 1640, 0.0000012)] == ["1", "3.12", "1,640", "0.0000012"]


def test_short_names_lose_only_what_all_share():
    assert short_names([SMALL, LARGE]) == {SMALL: "0.5b", LARGE: "1.5b"}
    assert short_names([SMALL]) == {SMALL: SMALL}
    assert short_names(["code-llama-7b", "llama-3-8b"]) == {
        "code-llama-7b": "code-llama-7b",
        "llama-3-8b": "llama-3-8b",
    }
    assert short_names(["a-b", "a-b-c"]) == {"a-b": "b", "a-b-c": "b-c"}
