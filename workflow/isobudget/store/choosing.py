"""Whoever chooses among a model's samples, against one output of another model; and what the tests at hand are worth.

Choosers are `tests`, those that judge; `at_hand:SOURCE`, tests at hand, and any sample where they accept none; and
every ranker.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isobudget.statistics import steps
from isobudget.statistics.at_hand import WRONG_COSTS, best_k
from isobudget.statistics.bootstrap import interval
from isobudget.store.comparisons import Estimates, Option, options
from isobudget.store.prices import candidate
from isobudget.study.rankers import AT_HAND

SINGLES = {"greedy": "greedy", "pass_at_k": "sampled"}  # metric: what one output of a model is called


def choosers(estimates: Sequence[Estimates], costs: Mapping[str, tuple]) -> list[tuple[str, Option]]:
    """Every way to choose among a model's samples.

    Args:
        estimates, costs: as in `comparisons.options`.

    Returns:
        A list of (name, Option).
    """
    found = [("tests", option) for option in options(estimates, costs, True) if option.ranker != "greedy"]
    found += [(o.ranker, o) for o in options(estimates, costs, False) if o.ranker and o.ranker != "greedy"]
    return found + at_hand(estimates, costs)


def at_hand(estimates: Sequence[Estimates], costs: Mapping[str, tuple]) -> list[tuple[str, Option]]:
    """Choosing by each source of tests at hand: a list of (`at_hand:SOURCE`, Option)."""
    found = []
    for each in estimates:
        for (metric, source), (values, low, high, drawn) in each.metrics.items():
            if metric != "at_hand_anyway_at_k":
                continue
            name = f"{AT_HAND}{source}"
            cost = candidate(name, each.model, costs)
            if cost and cost[0]:
                curve = steps.Curve(cost[0], values, drawn, cost[1])
                found.append((name, Option(each.model, source, curve, low, high)))
    return found


def against_one(estimates: Sequence[Estimates], costs: Mapping[str, tuple]) -> list[dict[str, Any]]:
    """Choosing among k samples of a model, less one output of another, at every budget that pays for both.

    The budget is the price of that output, or of k samples where they cost more; the output is the same at each.

    Args:
        estimates, costs: as in `comparisons.options`.

    Returns:
        A list of dicts with the columns of the table `against_one` from model on; budgets absolute.
    """
    found = []
    for name, option in choosers(estimates, costs):
        for each in estimates:
            price = costs[each.model][0]
            if not price or each.model == option.model:
                continue
            first = int(option.curve.bought(price))
            k = np.arange(max(first, 1), len(option.curve.values) + 1)
            for (metric, _), (values, _, _, drawn) in each.metrics.items():
                if metric not in SINGLES or not k.size:
                    continue
                margin = option.curve.values[k - 1] - values[0]
                low, high = interval(option.curve.drawn[:, k - 1] - drawn[:, :1], each.problems)
                rows = zip(k, np.maximum(option.curve.price(k), price), margin, low, high, strict=True)
                found += [
                    {
                        "model": option.model,
                        "chooser": name,
                        "other": each.model,
                        "single": SINGLES[metric],
                        "budget": budget,
                        "equal_cost": bool(size == first),
                        "k": size,
                        "value": option.curve.values[size - 1],
                        "other_value": values[0],
                        "margin": difference,
                        "low": down,
                        "high": up,
                    }
                    for size, budget, difference, down, up in rows
                ]
    return found


def at_hand_margins(estimates: Sequence[Estimates], costs: Mapping[str, tuple]) -> list[dict[str, Any]]:
    """One model less another, both choosing by the same tests at hand, at every budget at which both have a score.

    Args:
        estimates, costs: as in `comparisons.options`.

    Returns:
        A list of dicts with the columns of the table `at_hand_margins` from source on; budgets absolute.
    """
    found = []
    for (name, first), (other_name, second) in itertools.permutations(at_hand(estimates, costs), 2):
        compared = None
        if name == other_name and first.model != second.model:
            compared = steps.margins(first.curve, second.curve, max(each.problems for each in estimates))
        if compared is None:
            continue
        columns = (compared.budgets, [*compared.budgets[1:], compared.end], compared.k, compared.other_k)
        for budget, until, k, other_k, *rest in zip(
            *columns, compared.values, compared.low, compared.high, strict=True
        ):
            row = {"source": first.ranker, "model": first.model, "other": second.model}
            row |= {"budget": budget, "until": until, "k": k, "other_k": other_k}
            found.append(row | dict(zip(("value", "low", "high"), rest, strict=True)))
    return found


def best_sizes(estimates: Sequence[Estimates]) -> list[dict[str, Any]]:
    """After how many samples more of them hurt, where a wrong answer costs more than none.

    Args:
        estimates: a list of Estimates of one benchmark.

    Returns:
        A list of dicts with the columns of the table `at_hand_best_k` from model on. The interval of k is that of its
        replicates; most_k is the largest that has a score, and a k that is as large may be larger.
    """
    found = []
    for each in estimates:
        for (metric, source), (right, _, _, again) in each.metrics.items():
            if metric != "at_hand_right_at_k":
                continue
            wrong, _, _, wrong_again = each.metrics["at_hand_wrong_at_k", source]
            for cost in WRONG_COSTS:
                k, worth = best_k(right, wrong, cost)
                drawn, _ = best_k(again, wrong_again, cost)
                low, high = np.quantile(drawn, 0.025, method="lower"), np.quantile(drawn, 0.975, method="higher")
                row = {"model": each.model, "source": source, "wrong_costs": float(cost), "k": int(k)}
                row |= {"low": int(low), "high": int(high), "worth": float(worth), "most_k": len(right)}
                found.append(row)
    return found
