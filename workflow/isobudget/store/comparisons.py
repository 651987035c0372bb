"""Models compared at every budget, from the replicates of their estimates: margins, crossovers, answers.

What is here depends on costs and estimates alone, not on the budgets of the config: each row holds from its budget up
to the next breakpoint, so that any budget is a look-up in SQL.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from isobudget.files import tables
from isobudget.statistics import steps
from isobudget.statistics.bootstrap import interval
from isobudget.store.prices import candidate
from isobudget.study.study_files import File

# null where no other model has a score at a budget
_SECOND = ("runner_up", "runner_up_ranker", "runner_up_k", "runner_up_value", "margin", "margin_low", "margin_high")


class Option(NamedTuple):
    """One way of spending a budget: a model, and what chooses among its samples (None: the tests)."""

    model: str
    ranker: str | None
    curve: steps.Curve
    low: np.ndarray  # shape (K,), of the curve's values
    high: np.ndarray


class Estimates(NamedTuple):
    """One file of estimates: (metric, ranker) -> values, low, high, shape (K,), replicates, shape (resamples, K)."""

    model: str
    problems: int
    metrics: dict


def read_estimates(file: File) -> Estimates:
    """The estimates of one model on one benchmark, as arrays by k.

    Args:
        file: one of kind estimates, whose metrics hold every k from 1 on.
    """
    assert file.model is not None
    table = tables.read_rows(file.path, "estimates")
    metrics = {}
    keys = list(zip(table["metric"].to_pylist(), table["ranker"].to_pylist(), strict=True))
    places: dict[tuple, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    for key, found in places.items():
        part = table.take(found).sort_by("k")
        drawn = part["replicates"].combine_chunks().flatten().to_numpy().reshape(len(found), -1).T
        metrics[key] = (*(part[name].to_numpy() for name in ("value", "low", "high")), drawn)
    return Estimates(file.model, table["problems"][0].as_py() if len(table) else 0, metrics)


def options(estimates: Sequence[Estimates], costs: Mapping[str, tuple], tests: bool) -> list[Option]:
    """What can be done with a budget in one unit.

    Args:
        estimates: a list of Estimates of one benchmark.
        costs: {model: (generation, scoring)} in one unit, None where not known.
        tests: whether tests choose among a model's samples, and the greedy output is an option of a model without any;
            else every ranker, and the greedy output, is one.

    Returns:
        A list of Option; a model without a known cost above 0 has none.
    """
    found = []
    for each in estimates:
        generation = costs[each.model][0]
        if not generation:
            continue
        rankers = [ranker for metric, ranker in each.metrics if metric == "rank_score_at_k"]
        # one greedy output and no sample: there is nothing to choose, so it stands beside those that tests chose
        alone = ("pass_at_k", None) not in each.metrics
        for (metric, ranker), (values, low, high, drawn) in each.metrics.items():
            with_tests = metric in ("pass_at_k", "greedy") if alone else metric == "pass_at_k"
            if not with_tests if tests else metric not in ("rank_score_at_k", "greedy"):
                continue
            cost: tuple[float, float] | None = (generation, 0.0)
            chooses = "greedy" if metric == "greedy" else ranker
            if metric == "rank_score_at_k":
                cost = candidate(ranker, each.model, costs, rankers)
            if cost is None:
                continue
            found.append(Option(each.model, chooses, steps.Curve(cost[0], values, drawn, cost[1]), low, high))
    return found


def margins(estimates: Sequence[Estimates], costs: Mapping[str, tuple]) -> list[dict[str, Any]]:
    """Every model less every other, with tests, at every budget at which both have a score.

    Args:
        estimates, costs: as in `options`.

    Returns:
        A list of dicts, one a pair and step, with the columns of the table `margins` from model on; budgets absolute.
    """
    found = []
    for first, second in itertools.permutations(options(estimates, costs, True), 2):
        compared = steps.margins(first.curve, second.curve, _problems(estimates))
        if compared is None:
            continue
        names = ("budget", "k", "other_k", "value", "low", "high", "low_all", "high_all")
        columns = [getattr(compared, name) for name in compared._fields if name != "end"]
        ends = [*compared.budgets[1:], compared.end]
        for until, *step in zip(ends, *columns, strict=True):
            row = {"model": first.model, "other": second.model, "until": until}
            found.append(row | dict(zip(names, step, strict=True)))
    return found


def crossovers(estimates: Sequence[Estimates], costs: Mapping[str, tuple]) -> list[dict[str, Any]]:
    """From which budget on one model of each pair is better, with tests.

    Args:
        estimates, costs: as in `options`.

    Returns:
        A list of dicts, one a pair of models that some budget compares, with the columns of the table `crossovers` from
        model on; budgets absolute.
    """
    found = []
    for pair in itertools.combinations(options(estimates, costs, True), 2):
        crossing = steps.crossover(*(option.curve for option in pair))
        if crossing is None:
            continue
        first, second = pair if crossing.ahead >= 0 else pair[::-1]
        start = max(option.curve.cost for option in pair)
        end = min(option.curve.cost * (len(option.curve.values) + 1) for option in pair)
        row = {"model": first.model, "other": second.model, "tied": crossing.ahead == 0}
        row |= {"budget": crossing.budget, "low": crossing.low, "high": crossing.high}
        found.append(row | {"crossings": crossing.crossings, "compared_from": start, "compared_until": end})
    return found


def answers(estimates: Sequence[Estimates], costs: Mapping[str, tuple], tests: bool) -> list[dict[str, Any]]:
    """What to run at every budget, and what comes second.

    A model's best option (its best ranker, or its greedy output) stands for it; the best model's is the answer, that of
    the next model the runner-up. Equal values, but for rounding: the one that spends less, then the name. Where a
    budget buys more samples than have a score, the most that have one are taken, which is within the budget as well;
    `capped` names those models, for with more samples they may be better than is known.

    Args:
        estimates, costs, tests: as in `options`.

    Returns:
        A list of dicts, one a step of the budget, with the columns of the table `answers` from tests on; budgets
        absolute, until None where there is no end.
    """
    able = options(estimates, costs, tests)
    if not able:
        return []
    budgets, counts = steps.breakpoints([option.curve for option in able])
    found, drawn, margin = [], [], []
    for step, (budget, until) in enumerate(zip(budgets, [*budgets[1:], None], strict=True)):
        (_, k, best), *others = _ordered(able, counts[:, step])
        capped = {o.model for o, bought in zip(able, counts[:, step], strict=True) if _is_capped(o, bought)}
        row: dict[str, Any] = dict.fromkeys(_SECOND)
        row |= {"tests": tests, "budget": budget, "until": until, "model": best.model, "ranker": best.ranker, "k": k}
        row |= {"value": best.curve.values[k - 1], "low": best.low[k - 1], "high": best.high[k - 1]}
        row["capped"] = ", ".join(sorted(capped)) or None
        if others:
            _, other_k, other = others[0]
            row |= {"runner_up": other.model, "runner_up_ranker": other.ranker, "runner_up_k": other_k}
            row["runner_up_value"] = other.curve.values[other_k - 1]
            row["margin"] = row["value"] - row["runner_up_value"]
            drawn.append(best.curve.drawn[:, k - 1] - other.curve.drawn[:, other_k - 1])
            margin.append(row)
        found.append(row)
    if margin:
        for row, low, high in zip(margin, *interval(np.array(drawn).T, _problems(estimates)), strict=True):
            row |= {"margin_low": low, "margin_high": high}
    return found


def _is_capped(option, bought):
    # of a greedy output there is but one, whatever else a budget would buy
    return option.ranker != "greedy" and bought > len(option.curve.values)


def _ordered(able, counts):
    """The best option of each model at one budget, best model first: (its place in the order, k, option)."""
    best: dict[str, tuple] = {}
    for option, bought in zip(able, counts, strict=True):
        k = min(int(bought), len(option.curve.values))
        if k:
            value, spent = option.curve.values[k - 1], option.curve.price(k)
            # rounded relative to its size, for costs may be far from 1
            order = (-round(value, 12), float(f"{spent:.10g}"), option.model, option.ranker or "")
            best[option.model] = min(best.get(option.model, (order, k, option)), (order, k, option), key=_first)
    return sorted(best.values(), key=_first)


def _first(entry):
    return entry[0]


def _problems(estimates):
    return max(each.problems for each in estimates)  # a file without rows holds none
