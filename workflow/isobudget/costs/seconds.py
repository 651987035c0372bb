"""Seconds: what a generation took in calibration runs, alone on its machine."""

import statistics

from isobudget.costs.facts import Beside, Facts, Price


def price(facts: Facts) -> Price:
    """The median over calibration runs of seconds a generation.

    A completion of tests takes the time of a generation, longer or shorter as it has more or fewer tokens: writing is
    what takes time.
    """
    runs = facts.calibrations
    drawn = [run["generation_seconds"] / run["generations"] for run in runs]
    read = [run["scoring_seconds"] / run["scored"] for run in runs if run.get("scored")]
    counts = ", ".join(str(run["generations"]) for run in runs)
    how = f"Median over {len(runs)} calibration runs of {counts} generations, alone on the machine, loading left out."
    generation = statistics.median(drawn)
    return Price(
        how if read else f"{how} Scoring was not calibrated.",
        generation=generation,
        scoring=statistics.median(read) if read else None,
        written=_written(facts, generation),
        beside=(
            Beside("seconds_min", min(drawn), min(read, default=None)),
            Beside("seconds_max", max(drawn), max(read, default=None)),
        ),
    )


def _written(facts: Facts, generation: float) -> float | None:
    if not (facts.written and generation and facts.tokens and facts.tokens.completion):
        return None
    return facts.written.completions * generation * facts.written.tokens.completion / facts.tokens.completion
