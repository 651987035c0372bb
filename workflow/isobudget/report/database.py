"""Reading results/isobudget.duckdb: the tables of DESIGN.md, section 4, as named rows."""

import json
import math
from collections import namedtuple
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

from isobudget.files.errors import StudyError
from isobudget.study.units import UNITS

_BUDGET = "benchmark model unit budget budget_absolute k value low high"

# The columns the report needs, in the order of its CSV files. A database may hold more.
COLUMNS = {
    "pass_at_k": "benchmark model k value low high",
    "pass_at_budget": _BUDGET,
    "greedy": "benchmark model value low high",
    "rank_score_at_k": "benchmark model ranker k value low high",
    "rank_score_at_budget": _BUDGET.replace("model", "model ranker"),
    "winners": "benchmark unit budget budget_absolute model k value low high "
    "runner_up runner_up_k runner_up_value margin margin_low margin_high",
    "costs": "model unit generation scoring relative how",
    "candidate_costs": "model ranker unit candidate once",
    "against_one": "benchmark unit model chooser other single budget budget_absolute equal_cost k value other_value "
    "margin low high",
    "at_hand_at_k": "benchmark model source k value low high wrong wrong_low wrong_high anyway anyway_low anyway_high "
    "false_positives false_positives_low false_positives_high",
    "at_hand_at_budget": f"{_BUDGET.replace('model', 'model source')} wrong anyway anyway_low anyway_high",
    "at_hand_ceilings": "benchmark model source n reached reached_low reached_high most most_low most_high",
    "at_hand_best_k": "benchmark model source wrong_costs k low high worth most_k",
}
# Columns and tables that a database may lack: costs by the tokens really read and written, and the settings and
# versions that the aggregate stage kept.
_OPTIONAL = {"costs": "flops_read_written"}
_QUERIES = {
    "problems": "benchmark problems",
    "at_hand_tests": "benchmark source problems tested",
    "samples": "benchmark model n",
    "verdicts": "benchmark model decoding verdict count",
    "excluded": "benchmark task_id",
    "labels": "benchmark model labelled agreed",
    "rejected": "benchmark model decoding reason count",
}
_LATER = {"labels": "labels", "at_hand_tests": "tests_at_hand"}  # query: the table without which it has no rows
# A named row of a table or a query above; which columns it has is known when the database is read.
Row = Any
Rows = {
    name: namedtuple(name, f"{columns} {_OPTIONAL.get(name, '')}") for name, columns in (COLUMNS | _QUERIES).items()
}

# A foreign file must not make DuckDB fetch an extension that could read it.
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


@dataclass(frozen=True)
class Study:
    """Everything the report shows, one tuple of named rows a table (`COLUMNS`).

    Scores are fractions in 0..1, costs absolute (of a generation, in their unit), budgets in generations of the
    cheapest model. A value that a table holds as NULL or NaN is None.
    """

    pass_at_k: tuple
    pass_at_budget: tuple
    greedy: tuple
    rank_score_at_k: tuple
    rank_score_at_budget: tuple
    winners: tuple
    costs: tuple
    candidate_costs: tuple
    against_one: tuple  # who chooses among a model's samples, less one output of another
    at_hand_at_k: tuple
    at_hand_at_budget: tuple
    at_hand_ceilings: tuple
    at_hand_best_k: tuple
    at_hand_tests: tuple  # benchmark, source, problems, tested: how many of them have tests at hand
    problems: tuple  # benchmark, problems judged
    samples: tuple  # benchmark, model, n
    verdicts: tuple  # benchmark, model, decoding, verdict, count
    labels: tuple  # benchmark, model, labelled, agreed: how verdicts compare with labels that came along
    excluded: tuple  # benchmark, task_id of problems left out
    rejected: tuple  # benchmark, model, decoding, reason, count: what became of no program
    kept: tuple  # (key, JSON text): settings and versions of the aggregate stage
    whole: dict  # {benchmark: how many problems the whole of it has}
    published: dict  # {benchmark: {model: its name in isobudget.study.published}}

    @cached_property
    def benchmarks(self) -> list[str]:
        """Names of the benchmarks with a score, sorted."""
        return sorted({row.benchmark for row in self.pass_at_k} | {row.benchmark for row in self.greedy})

    @cached_property
    def models(self) -> list[str]:
        """Every model with a score or a row of costs, the cheapest first; one without a known cost comes last."""
        named = {row.model for row in (*self.pass_at_k, *self.greedy, *self.costs)}
        order: dict[str, float] = {}
        for unit in UNITS:
            for model, cost in self.costs_in(unit).items():
                order.setdefault(model, cost.relative)
        return sorted(named, key=lambda model: (order.get(model, math.inf), model))

    def costs_in(self, unit: str) -> dict[str, Row]:
        """{model: its row of costs} for the models whose cost in this unit is known."""
        return {row.model: row for row in self.costs if row.unit == unit and row.generation and row.relative}

    def scored_models(self, benchmark: str) -> list[str]:
        """The models with pass@k on a benchmark, the cheapest first."""
        scored = {row.model for row in self.pass_at_k if row.benchmark == benchmark}
        return [model for model in self.models if model in scored]

    def models_on(self, benchmark: str) -> list[str]:
        """The models with any score on a benchmark, the cheapest first."""
        scored = {row.model for row in (*self.pass_at_k, *self.greedy) if row.benchmark == benchmark}
        return [model for model in self.models if model in scored]

    def has(self, table: str, benchmark: str) -> bool:
        """Whether a table of COLUMNS has a row of a benchmark."""
        return any(row.benchmark == benchmark for row in getattr(self, table))

    def size(self, benchmark: str) -> str:
        """How many problems were judged, in words that say so where that is not the whole benchmark."""
        held = next((row.problems for row in self.problems if row.benchmark == benchmark), 0)
        whole = self.whole.get(benchmark, held)
        return f"{held:,} of its {whole:,} problems" if held < whole else f"{held:,} problems"

    def part(self, benchmark: str) -> bool:
        """Whether the study holds only a part of the benchmark."""
        held = next((row.problems for row in self.problems if row.benchmark == benchmark), 0)
        return held < self.whole.get(benchmark, held)

    def asked(self, unit: str) -> list[float]:
        """The budgets that the study asked for in a unit, where the aggregate stage kept its settings."""
        return self._setting("budgets", {}).get(unit, [])

    @cached_property
    def unranked(self) -> dict[str, list[str]]:
        """{model: the rankers that cannot score its samples}, where the aggregate stage kept its settings."""
        return self._setting("unranked", {})

    @cached_property
    def servers(self) -> dict[str, dict[str, Any]]:
        """{model: what of its samples a server kept back or left out, as engines.shortfalls.of_model}."""
        return json.loads(dict(self.kept).get("servers", "{}"))

    @cached_property
    def imports(self) -> dict[str, list[str]]:
        """{model: sentences on what an imported file lacks or holds beside the study's problems}."""
        return json.loads(dict(self.kept).get("imports", "{}"))

    def _setting(self, key, default):
        try:
            return json.loads(dict(self.kept)["settings"])[key]
        except (KeyError, TypeError, ValueError):
            return default

    def n(self, benchmark: str, model: str) -> int | None:
        """Samples a problem, or None where no sampled outcome is held."""
        return next((row.n for row in self.samples if (row.benchmark, row.model) == (benchmark, model)), None)


def read_study(
    path: str | Path, whole: Mapping[str, int] | None = None, published: Mapping[str, dict[str, str]] | None = None
) -> Study:
    """Read the database, whole, without changing it.

    Args:
        path: results/isobudget.duckdb.
        whole: {benchmark: how many problems the whole of it has}, to tell a part from it.
        published: {benchmark: {model: its name in isobudget.study.published}}, where the paper's figures stand beside.

    Raises:
        StudyError: the file is missing, cut short, no DuckDB database, in use by a writer, or
            lacks a table or a column of DESIGN.md, section 4.
    """
    path = Path(path)
    if not path.is_file():
        raise StudyError(f"{path}: there is no such file; the aggregate stage makes it, run the study first.")
    try:
        with connected(path) as connection:
            tables = {name: _table(connection, path, name) for name in COLUMNS}
            tables |= {
                name: _query(connection, name) if name not in _LATER or columns_of(connection, _LATER[name]) else ()
                for name in _QUERIES
            }
            tables["kept"] = _kept(connection)
    except duckdb.Error as error:
        if "set lock" in str(error):
            raise StudyError(f"{path}: another process is writing it; wait for it to end and run again.") from None
        reason = str(error).splitlines()[0][:160]
        raise StudyError(
            f"{path}: not a whole database of isobudget ({reason}); delete it and run again to make it anew."
        ) from None
    if not tables["pass_at_k"] and not tables["greedy"]:
        raise StudyError(f"{path}: holds no score at all; delete it and run again to make it anew.")
    return Study(**tables, whole=dict(whole or {}), published=dict(published or {}))


def connected(path: str | Path) -> duckdb.DuckDBPyConnection:
    """A connection that changes nothing, to be used in a `with`."""
    return duckdb.connect(str(path), read_only=True, config=_OFFLINE)


def query(connection: duckdb.DuckDBPyConnection, name: str, **keys: Any) -> list[tuple]:
    """The rows of queries/{name}.sql, as tuples; NaN is None."""
    text = resources.files(__package__).joinpath("queries", f"{name}.sql").read_text()
    return [tuple(_plain(value) for value in row) for row in connection.execute(text, keys).fetchall()]


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    """The names of a table's columns; an empty set where the database has no such table."""
    found = connection.execute("SELECT column_name FROM information_schema.columns WHERE table_name = ?", [table])
    return {column for (column,) in found.fetchall()}


def _table(connection, path, name):
    wanted, held = COLUMNS[name].split(), columns_of(connection, name)
    missing = [column for column in wanted if column not in held]
    if missing:
        what = f"column {missing[0]!r} of table {name!r}" if held else f"table {name!r}"
        raise StudyError(
            f"{path}: no database of isobudget, {what} is missing; delete it and run again to make it anew."
        )
    wanted += [c if c in held else f"NULL AS {c}" for c in _OPTIONAL.get(name, "").split()]
    return _rows(name, connection.execute(f"SELECT {', '.join(wanted)} FROM {name} ORDER BY ALL"))


def _kept(connection):
    if not {"key", "value"} <= columns_of(connection, "study"):
        return ()
    return tuple(connection.execute("SELECT key, value FROM study ORDER BY ALL").fetchall())


def _query(connection, name):
    if name == "excluded" and not columns_of(connection, "problems"):
        return ()
    return tuple(Rows[name](*row) for row in query(connection, name))


def _rows(name, result):
    row = Rows[name]
    return tuple(row(*(_plain(value) for value in values)) for values in result.fetchall())


def _plain(value):
    return None if isinstance(value, float) and math.isnan(value) else value
