"""What a candidate costs, choosing included: the one place that says which chooser costs what."""

from collections.abc import Iterable, Mapping

from isobudget.study import rankers


def readers(chooser: str, model: str, beside: Iterable[str] = ()) -> list[str]:
    """The models whose scoring pass each candidate of `model` costs under a chooser, sorted.

    A model's likelihood of its own samples was kept when they were sampled; length, luck and runs cost nothing.

    Args:
        chooser: a ranker, or `at_hand:SOURCE`.
        model: whose samples are chosen from.
        beside: all that rank them, of which one that learns is made.
    """
    return _needed(rankers.reader, chooser, model, beside)


def writers(chooser: str, model: str, beside: Iterable[str] = ()) -> list[str]:
    """The models whose tests a problem costs once under a chooser, sorted: they choose among however many candidates.

    Args:
        chooser, model, beside: as in `readers`.
    """
    return _needed(rankers.writer, chooser, model, beside)


def _needed(whom, chooser, model, beside):
    parts = [other for other in beside if other != chooser] if rankers.learns(chooser) else [chooser]
    return sorted({needed for part in parts if (needed := whom(part, model))})


def candidate(
    chooser: str, model: str, costs: Mapping[str, tuple], beside: Iterable[str] = ()
) -> tuple[float, float] | None:
    """What one candidate costs in one unit, sampled and ranked, and what a problem costs once beside its candidates.

    Args:
        chooser, model, beside: as in `readers`.
        costs: {model: (generation, scoring, written)} in the unit, None where not known.

    Returns:
        (each, once), floats; None where a part of the cost is not known.
    """
    unknown = (None, None, None)
    each = [costs[model][0], *(costs.get(reader, unknown)[1] for reader in readers(chooser, model, beside))]
    once = [costs.get(writer, unknown)[2] for writer in writers(chooser, model, beside)]
    return None if None in (*each, *once) else (sum(each), sum(once, 0.0))


def in_unit(costs: Iterable[tuple], unit: str) -> dict[str, tuple]:
    """{model: (generation, scoring, written)} in one unit, of the rows that files.read_costs gives."""
    return {model: (generation, scoring, written) for model, u, generation, scoring, *_, written in costs if u == unit}


def candidate_costs(costs: Iterable[tuple], chosen: Mapping[str, Iterable[str]]) -> list[tuple]:
    """The rows of the table candidate_costs.

    Args:
        costs: the rows that files.read_costs gives.
        chosen: {model: what chooses among its samples: rankers, and `at_hand:SOURCE`}.

    Returns:
        A list of (model, chooser, unit, candidate, once) where both are known.
    """
    found = []
    for unit in dict.fromkeys(row[1] for row in costs):
        prices = in_unit(costs, unit)
        for model, names in chosen.items():
            plain = [name for name in names if not name.startswith(rankers.AT_HAND)]
            for name in names:
                cost = candidate(name, model, prices, plain) if prices.get(model, (None,))[0] else None
                if cost:
                    found.append((model, name, unit, *cost))
    return found
