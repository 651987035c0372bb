"""What a candidate costs, its ranking included: the one place that says which ranker costs what."""

from isobudget.config import CONSENSUS


def readers(ranker, model, rankers=()):
    """The models whose scoring pass each candidate of `model` costs under a ranker, sorted.

    A model's likelihood of its own samples was kept when they were sampled, and length or luck cost nothing.

    Args:
        ranker: its name.
        model: whose samples are ranked.
        rankers: all that rank them, of which `combined` is made.
    """
    if ranker == "combined":
        return sorted({each for other in rankers if other != ranker for each in readers(other, model)})
    kind, _, name = ranker.partition(":")
    return [name] if kind == "nll" and name not in ("self", model) else []


def writers(ranker, model, rankers=()):
    """The models whose tests a problem costs once under a ranker, sorted: they choose among however many candidates.

    Args:
        ranker, model, rankers: as in `readers`.
    """
    if ranker == "combined":
        return sorted({each for other in rankers if other != ranker for each in writers(other, model)})
    kind, _, name = ranker.partition(":")
    if kind not in CONSENSUS or name in CONSENSUS[kind]:
        return []
    return [model if name == "self" else name]


def candidate(ranker, model, costs, rankers=()):
    """What one candidate costs in one unit, sampled and ranked, and what a problem costs once beside its candidates.

    Args:
        ranker, model, rankers: as in `readers`.
        costs: {model: (generation, scoring, written)} in the unit, None where not known.

    Returns:
        (each, once), floats; None where a part of the cost is not known.
    """
    unknown = (None, None, None)
    each = [costs[model][0], *(costs.get(reader, unknown)[1] for reader in readers(ranker, model, rankers))]
    once = [costs.get(writer, unknown)[2] for writer in writers(ranker, model, rankers)]
    return None if None in (*each, *once) else (sum(each), sum(once, 0.0))


def in_unit(costs, unit):
    """{model: (generation, scoring, written)} in one unit, of the rows that files.read_costs gives."""
    return {model: (generation, scoring, written) for model, u, generation, scoring, *_, written in costs if u == unit}


def candidate_costs(costs, ranked):
    """The rows of the table candidate_costs.

    Args:
        costs: the rows that files.read_costs gives.
        ranked: {model: the rankers of its samples}.

    Returns:
        A list of (model, ranker, unit, candidate, once) where both are known.
    """
    found = []
    for unit in dict.fromkeys(row[1] for row in costs):
        prices = in_unit(costs, unit)
        for model, rankers in ranked.items():
            for ranker in rankers:
                cost = candidate(ranker, model, prices, rankers) if prices.get(model, (None,))[0] else None
                if cost:
                    found.append((model, ranker, unit, *cost))
    return found
