"""What all figures share of the words above, under and in place of them; a figure's own words are in its file."""

from isobudget.report import curves
from isobudget.report.curves import Curve
from isobudget.report.database import Study
from isobudget.report.formatting import NAMES, amount, percent, short_names

# what is said of an axis, None that of k
OVER: dict[str | None, str] = {unit: NAMES[unit] if unit else "k" for unit in (None, *NAMES)}


def titled(what: str, unit: str | None) -> str:
    """A figure's title: what it shows, and over which unit, None for the axis of k."""
    return f"{what} over {OVER[unit]}"


def left_out(study: Study, benchmark: str, unit: str | None) -> str:
    """A sentence that names the models whose cost in the unit is unknown, a space before it; "" if there are none."""
    missing = [] if unit is None else [m for m in study.scored_models(benchmark) if m not in study.costs_in(unit)]
    return f" Not shown, their cost in {OVER[unit]} is unknown: {', '.join(missing)}." if missing else ""


def line_ends(curve: Curve, name: str, unit: str | None) -> str:
    """A line in words: its name, and the figures at its two ends."""
    ends = [(curve.k[i], curve.x[i], curve.value[i]) for i in (0, -1)]
    told = [
        f"{percent(value)} % at " + (f"k = {k}" if unit is None else f"{amount(unit, x)} (k = {k})")
        for k, x, value in ends
    ]
    return f"{name}: {told[0]}" + (f" to {told[1]}" if len(curve.k) > 1 else "")


def greedy_values(study: Study, benchmark: str, unit: str | None) -> list[str]:
    """The stars in words, one phrase per model whose cost in the unit is known."""
    names = short_names(study.models)
    return [f"{names[s.model]} greedy: {percent(s.value)} %" for s in curves.greedy_stars(study, benchmark, unit)]
