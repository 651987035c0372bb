"""The study's question answered in sentences, as far as its figures carry."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from isobudget.report.database import Row, Study
from isobudget.report.formatting import NAMES, chooser_words, digits, percent, points, short_names, times


class Rival(NamedTuple):
    """A model without a score at a budget that buys k of its samples, of which it has n (None: unknown)."""

    model: str
    k: int
    n: int | None


def winners(study: Study, benchmark: str, unit: str) -> list[Row]:
    """The rows of `winners` of one benchmark and unit, by budget."""
    rows = [row for row in study.winners if (row.benchmark, row.unit) == (benchmark, unit)]
    return sorted(rows, key=lambda row: row.budget)


def separated(row: Row) -> bool | None:
    """Whether the 95 % interval of the winner's margin lies above 0; None without a runner-up."""
    return None if row.margin_low is None else row.margin_low > 0


def prices(study: Study, benchmark: str, unit: str) -> dict[str, float]:
    """{model: price of one generation, in generations of the study's cheapest model}, cheapest first."""
    costs = study.costs_in(unit)
    known = [model for model in study.models_on(benchmark) if model in costs]
    return {model: costs[model].relative for model in sorted(known, key=lambda model: costs[model].relative)}


def undersampled(study: Study, benchmark: str, unit: str, budget: float) -> list[Rival]:
    """The models that could afford a budget but were sampled too little for a score there (k <= n/2).

    Returns a list of Rival. One of them might have won, so a reader must be told.
    """
    judged = {row.model for row in _at(study.pass_at_budget, benchmark, unit, budget)}
    rivals = []
    for model, price in prices(study, benchmark, unit).items():
        k, n = _whole(budget, price), study.n(benchmark, model)
        if k >= 1 and model not in judged:
            rivals.append(Rival(model, k, n))
    return rivals


def unscored(study: Study, benchmark: str, unit: str) -> str | None:
    """A sentence on the budgets that were asked for and have no score of any model, or None."""
    found = [row.budget for row in winners(study, benchmark, unit)]
    missing = [budget for budget in study.asked(unit) if not any(math.isclose(budget, each) for each in found)]
    if not missing or not found:
        return None
    told = ", ".join(map(digits, missing))
    return f"budget {told}: no score, it buys no generation or more than half of the samples drawn (k <= n/2)"


def headline(study: Study, benchmark: str, unit: str) -> str:
    """One sentence: a large model once, or a small one many times, in one unit of cost.

    It reads the smallest budget of the study that buys one generation of the dearest model, and claims
    no more than the paired interval there does.
    """
    price = prices(study, benchmark, unit)
    if len(price) < 2:
        only = next(iter(price), None)
        if only is None:
            return f"No model has a cost in {NAMES[unit]}, so nothing can be compared."
        others = [f"{model} has {_lacks(study, benchmark, unit, model)}" for model in study.models if model != only]
        why = f": {', '.join(others)}" if others else ""
        return f"Only {only} has scores and a cost in {NAMES[unit]}, so nothing can be compared{why}."
    cheapest, dearest = next(iter(price)), list(price)[-1]
    cheap, dear = _short(study, cheapest), _short(study, dearest)
    row = deciding(study, benchmark, unit)
    if row is None:
        return (
            f"One generation of {dear} costs {digits(price[dearest])} of {cheap}, and no budget of the study "
            f"reaches that: add {math.ceil(price[dearest])} to budgets.{unit}."
        )
    bought = _whole(row.budget, price[dearest])
    # the same samples of every model as for the price itself, so nothing is lost by speaking of the price
    exact = all(_whole(row.budget, each) == _whole(price[dearest], each) for each in price.values())
    if exact:
        start = f"At the price of one generation of {dear} ({digits(price[dearest])} generations of {cheap})"
    else:
        start = (
            f"At a budget of {digits(row.budget)} generations of {cheap}, which buys {dear} {times(bought)} "
            f"(one costs {digits(price[dearest])})"
        )
    sentence = f"{start}, {verdict(study, row)}"
    if dearest not in (row.model, row.runner_up):
        sentence += f"; {_standing(study, row, dearest)}"
    less = None if exact else _score(study, benchmark, cheapest, _whole(price[dearest], price[cheapest]))
    if less is not None:  # the fairer comparison, which no budget of the study names
        sentence += f"; for just the price of {dear} once, {cheap} run {times(less.k)} solves {_solves(less)}"
    return sentence + "."


def recommendation(study: Study, benchmark: str, unit: str) -> tuple[str, str] | None:
    """What to do in one short sentence, and what says so in another; None where no budget compares two models."""
    row = deciding(study, benchmark, unit)
    if row is None or row.runner_up is None or separated(row) is None:
        return None
    best, other = (
        f"{_short(study, model)} {times(k)}" for model, k in ((row.model, row.k), (row.runner_up, row.runner_up_k))
    )
    scores = f"{percent(row.value)} % of problems against {percent(row.runner_up_value)} %"
    why = (
        f"{scores}, {points(row.margin)} points (95 % interval {points(row.margin_low)} to {points(row.margin_high)})."
    )
    if separated(row):
        return f"With equal {NAMES[unit]}, run {best} rather than {other}.", why
    return f"With equal {NAMES[unit]}, no difference shows between {best} and {other}.", why


def verdict(study: Study, row: Row) -> str:
    """What one row of `winners` says, without a full stop."""
    best = f"{_short(study, row.model)} run {times(row.k)}"
    if row.runner_up is None:
        return f"{best} solves {_solves(row)}, and no other model has a score there"
    other = f"{_short(study, row.runner_up)} run {times(row.runner_up_k)}"
    mine, theirs = percent(row.value), percent(row.runner_up_value)
    if separated(row) is None:
        return f"{best} solves {mine} % and {other} {theirs} %; the margin has no interval"
    margin = f"{points(row.margin)} points, 95 % interval {points(row.margin_low)} to {points(row.margin_high)}"
    if separated(row):
        return f"{best} beats {other}: {mine} % against {theirs} % of problems ({margin})"
    return f"{best} and {other} are not separated: {mine} % and {theirs} % of problems ({margin})"


def without_tests(study: Study, benchmark: str, unit: str) -> str | None:
    """One sentence on choosing by a ranker instead of by tests, at the headline's budget, or None.

    The tables hold no paired interval between a ranker and another model's single output, so the
    sentence states scores and names no winner.
    """
    row = deciding(study, benchmark, unit)
    price = prices(study, benchmark, unit)
    if row is None or len(price) < 2:
        return None
    dearest = list(price)[-1]
    ranked = [
        each
        for each in at_budget(study.rank_score_at_budget, row)
        if each.model != dearest and each.k > 1 and each.value is not None
    ]
    single = next((each for each in study.greedy if (each.benchmark, each.model) == (benchmark, dearest)), None)
    kind = "greedy output"
    if single is None:
        single = _score(study, benchmark, dearest, 1)
        kind = "sampled output"
    if not ranked or single is None:
        return None
    best = max(ranked, key=lambda each: (each.value, each.ranker))
    name = chooser_words(best.ranker, study.models)
    return (
        f"Without tests, the best ranker at that budget ({name}, choosing among {best.k} of "
        f"{_short(study, best.model)}) is right on {_solves(best)} of problems; one {kind} of "
        f"{_short(study, dearest)} on {_solves(single)}."
    )


def deciding(study: Study, benchmark: str, unit: str) -> Row | None:
    """The row of `winners` at the smallest budget that buys one generation of the dearest model, or None."""
    price = prices(study, benchmark, unit)
    dearest = list(price.values())[-1] if price else math.inf
    return next((row for row in winners(study, benchmark, unit) if row.budget >= dearest * (1 - 1e-9)), None)


def at_budget(rows: Iterable[Row], row: Row) -> list[Row]:
    """Those of `rows` that have the benchmark, unit and budget of one row of `winners`."""
    return _at(rows, row.benchmark, row.unit, row.budget)


def interval(row: Row) -> str:
    """A row's 95 % interval in per cent: `67.5 to 80.2`."""
    return "no interval" if row.low is None else f"{percent(row.low)} to {percent(row.high)}"


def _lacks(study, benchmark, unit, model):
    """What keeps a model out of the comparison in a unit."""
    lacking = [] if model in study.models_on(benchmark) else ["no score"]
    return " and ".join([*lacking, *([] if model in study.costs_in(unit) else ["no known cost in that"])])


def _standing(study, row, model):
    here = at_budget(study.pass_at_budget, row)
    found = next((each for each in here if each.model == model), None)
    if found is None:
        return f"{_short(study, model)} has too few samples for a score there"
    return f"{_short(study, model)} run {times(found.k)} solves {_solves(found)}"


def _whole(budget, price):
    """Whole generations that a budget buys; a billionth is forgiven, as in the store."""
    return math.floor(budget / price * (1 + 1e-9))


def _score(study, benchmark, model, k):
    return next((row for row in study.pass_at_k if (row.benchmark, row.model, row.k) == (benchmark, model, k)), None)


def _solves(row):
    return f"{percent(row.value)} % ({interval(row)})"


def _at(rows, benchmark, unit, budget):
    return [r for r in rows if (r.benchmark, r.unit) == (benchmark, unit) and math.isclose(r.budget, budget)]


def _short(study, model):
    return short_names(study.models)[model]
