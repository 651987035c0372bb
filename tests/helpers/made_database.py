"""A database of the store's tables with made-up verdicts, and the report that is written of it."""

import argparse
import itertools
import math
import random
from math import comb

import duckdb
import pyarrow as pa

from isobudget.report.__main__ import write_report
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


def rewritten(database, folder, *statements):
    """A copy of the database after some SQL."""
    copy = folder / "isobudget.duckdb"
    copy.write_bytes(database.read_bytes())
    with duckdb.connect(str(copy)) as connection:
        for statement in statements:
            connection.execute(statement)
    return read_study(copy)


def artists(figure):
    """{gid: artist} of a figure."""
    return {each.get_gid(): each for axes in figure.axes for each in axes.get_children() if each.get_gid()}
