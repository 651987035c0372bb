"""What a candidate costs, its ranking included: the one place that says which ranker costs what."""


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


def candidate(ranker, model, costs, rankers=()):
    """What one candidate costs in one unit, sampled and ranked, and what a problem costs once beside its candidates.

    Args:
        ranker, model, rankers: as in `readers`.
        costs: {model: (generation, scoring)} in the unit, None where not known.

    Returns:
        (each, once), floats; None where a part of the cost is not known.
    """
    parts = [costs[model][0], *(costs.get(reader, (None, None))[1] for reader in readers(ranker, model, rankers))]
    return None if None in parts else (sum(parts), 0.0)


def candidate_costs(costs, ranked):
    """The rows of the table candidate_costs.

    Args:
        costs: a list of (model, unit, generation, scoring, ...).
        ranked: {model: the rankers of its samples}.

    Returns:
        A list of (model, ranker, unit, candidate, once) where both are known.
    """
    found = []
    for unit in dict.fromkeys(row[1] for row in costs):
        prices = {model: (generation, scoring) for model, u, generation, scoring, *_ in costs if u == unit}
        for model, rankers in ranked.items():
            for ranker in rankers:
                cost = candidate(ranker, model, prices, rankers) if prices.get(model, (None,))[0] else None
                if cost:
                    found.append((model, ranker, unit, *cost))
    return found
