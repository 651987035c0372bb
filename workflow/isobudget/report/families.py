"""The curves that a reader of the page can choose from: one entry here and one .sql file in queries/ a family.

A family's query gives benchmark, model, choice, k, draws, value, low, high: a score of k samples (a fraction, with its
95 % interval), the generations paid for it, and what told among them (a ranker; null where there is nothing to choose).
"""

from typing import Any, NamedTuple

import duckdb

from isobudget.report.curves import candidate_cost, thinned_places
from isobudget.report.database import Study, columns_of, query
from isobudget.study.rankers import AT_HAND
from isobudget.study.units import UNITS


class Family(NamedTuple):
    """One way of turning k samples into a score.

    Args:
        key: its name in the page, and of queries/family_{key}.sql.
        table: the table that the query reads; a database without it lacks the family.
        title: what a reader chooses, in two or three words.
        axis: what the vertical axis shows.
        about: one or two sentences under the figure.
        choice: what the values of `choice` are called, or None.
        first: the choice to begin with, where it is there.
        chooser: what a choice is called in candidate_costs, `{choice}` in it; None: choosing costs nothing.
        behind: the key of a family drawn faintly behind this one, or None.
        times: how a number of samples is said, `{k}` in it.
        published: whether what the paper published, pass@k, stands beside it.
    """

    key: str
    table: str
    title: str
    axis: str
    about: str
    choice: str | None = None
    first: str | None = None
    chooser: str | None = None
    behind: str | None = None
    times: str = "× {k}"
    published: bool = False


FAMILIES = (
    Family(
        "pass",
        "pass_at_k",
        "Tests choose",
        "problems solved by at least one of k samples (pass@k)",
        "All k samples are drawn, and the unit tests pick one that passes. A budget between two whole generations buys "
        "the lower number. A line ends at half the samples drawn, beyond which nothing can be said.",
        published=True,
    ),
    Family(
        "stop",
        "early_stop_at_k",
        "Tests, stop at the first pass",
        "problems solved, stopping at the first pass",
        "Samples are drawn one by one until one passes the tests, k at most: the same share is solved, for the cost in "
        "expectation that the axis shows.",
        times="up to {k}",
    ),
    Family(
        "hand",
        "at_hand_at_k",
        "Only some tests choose",
        "problems on which the sample chosen by the tests at hand is right",
        "Fewer tests than those that judge: the first of k samples that passes them is handed over. Tests that a model "
        "writes are paid for. The faint line behind is what all tests would reach with the same samples.",
        choice="tests at hand",
        chooser=f"{AT_HAND}{{choice}}",
        behind="pass",
    ),
    Family(
        "rank",
        "rank_score_at_k",
        "No tests, a ranker chooses",
        "problems on which the ranker's choice among k is right",
        "One of k samples is handed over, chosen without any test; sampling and reading are both paid for. The faint "
        "line behind is what unit tests would reach with the same samples. A star is one greedy output.",
        choice="ranker",
        first="nll:self",
        chooser="{choice}",
        behind="pass",
    ),
)


def families(study: Study, connection: duckdb.DuckDBPyConnection, benchmark: str) -> list[dict[str, Any]]:
    """The families of one benchmark that the database holds, ready for JSON.

    Returns:
        A list of dicts: what Family says (`first` by its position), `choices` (names), and `lines`. A line has model
        and choice (positions in study.models and in choices, choice None where there is none), cost and once ({unit:
        what one draw costs, what a problem costs beside them}, known ones only), and k, draws, value, low, high, one
        entry a point; draws is None where they are k. Long lines are thinned, and values rounded to a millionth.
    """
    return [each for family in FAMILIES if (each := _family(study, connection, benchmark, family))]


def _family(study, connection, benchmark, family):
    if not columns_of(connection, family.table):
        return None
    grouped: dict[tuple[str, str | None], list] = {}
    for model, choice, *point in query(connection, f"family_{family.key}", benchmark=benchmark):
        grouped.setdefault((model, choice), []).append(point)
    if not grouped:
        return None
    choices = sorted({choice for _, choice in grouped if choice is not None})
    lines = []
    for (model, choice), points in sorted(grouped.items(), key=lambda item: _place(study, *item[0])):
        k = [point[0] for point in points]
        kept = [points[place] for place in thinned_places(k)]
        k, draws, value, low, high = ([_round(number) for number in column] for column in zip(*kept, strict=True))
        chooser = family.chooser and family.chooser.format(choice=choice)
        costs = {unit: candidate_cost(study, unit, model, chooser) for unit in UNITS}
        lines.append(
            {
                "model": study.models.index(model),
                "choice": None if choice is None else choices.index(choice),
                "cost": {unit: cost[0] for unit, cost in costs.items() if cost},
                "once": {unit: cost[1] for unit, cost in costs.items() if cost},
                "k": k,
                "draws": None if draws == k else draws,
                "value": value,
                "low": low,
                "high": high,
            }
        )
    told = family._asdict()
    del told["table"], told["chooser"]
    told["first"] = choices.index(family.first) if family.first in choices else 0
    return {**told, "choices": choices, "lines": lines}


def _place(study, model, choice):
    return study.models.index(model), choice or ""


def _round(number):
    return round(number, 6) if isinstance(number, float) else number
