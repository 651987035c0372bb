"""Mixes of models at the study's budgets: does mixing beat the best model alone, on problems that chose neither?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isobudget.files.settings import BootstrapSettings
from isobudget.statistics import mixes
from isobudget.statistics.bootstrap import acceleration, around, interval, replicates, resamples
from isobudget.statistics.unbiased import FORGIVEN, most_k, none_passes

SPLITS = 10


def mixtures(
    counts: Mapping[str, tuple[int, np.ndarray]],
    prices: Mapping[str, float],
    budgets: Sequence[float],
    bootstrap: BootstrapSettings,
) -> list[dict[str, Any]]:
    """The best mix at each budget of one benchmark and unit, by its price and by its expected price.

    Args:
        counts: {model: (n, c)}, n an int, c ints, shape (problems,), the problems in one order.
        prices: {model: what a generation costs}, above 0, of at least two models in `counts`.
        budgets: floats, absolute.
        bootstrap: {"resamples": int, "seed": int}, as the estimates have it.

    Returns:
        A list of dicts, one a budget and rule, with the columns of the table `mixes` from early_stop on; budget is
        absolute. None for a budget that buys nothing.
    """
    models = sorted(prices, key=lambda model: (prices[model], model))
    samples = [mixes.Samples(prices[model], *counts[model]) for model in models]
    problems = len(samples[0].c)
    if problems < 2 or not budgets:
        return []
    drawn = resamples(problems, bootstrap["resamples"], bootstrap["seed"])
    found = []
    for stop in (False, True):
        chosen, most = mixes.best(samples, budgets, drawn, SPLITS, bootstrap["seed"], stop)
        for budget, choice in zip(budgets, chosen, strict=True):
            if choice is None:
                continue
            margin = choice.value - choice.single_value
            value = choice.value[:, None]
            low, high = interval(replicates(value, drawn), problems, acceleration(value))
            margin_low, margin_high = around(margin.mean(), choice.error, problems)
            alone = int(choice.single.argmax())
            found.append(
                {"early_stop": stop, "budget": budget, "mix": _words(models, choice.counts)}
                | {"value": choice.value.mean(), "low": low[0], "high": high[0], "spent": choice.spent}
                | {"single": models[alone], "single_k": int(choice.single[alone])}
                | {"single_value": choice.single_value.mean(), "margin": margin.mean()}
                | {"margin_low": margin_low, "margin_high": margin_high, "most_models": most}
                | {"capped": ", ".join(_capped(models, samples, budget, stop)) or None}
            )
    return found


def _words(models, counts):
    return " + ".join(f"{model} x {k}" for model, k in zip(models, counts, strict=True) if k)


def _capped(models, samples, budget, stop):
    """The models of which the budget would buy more than half of the samples drawn."""
    for model, each in zip(models, samples, strict=True):
        most = most_k(each.n)
        # stopping early, one more than that is drawn where all before it fail
        price = each.cost * (none_passes(each.n, each.c, most).sum(axis=1).mean() if stop else most + 1)
        if price <= budget * FORGIVEN:
            yield model
