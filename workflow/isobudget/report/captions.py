"""What stands above, below and in place of each figure: title, caption, and words for a screen reader."""

from isobudget.report import curves
from isobudget.report.formatting import NAMES, amount, percent, short_names, source_words

_OVER = {None: "k", **NAMES}


def title(kind, unit):
    """The figure's title; kind is `pass`, `rank` or `at_hand`, unit None for the axis of k."""
    if kind == "pass":
        return f"pass@k over {_OVER[unit]}"
    if kind == "at_hand":
        return f"Tests at hand over {_OVER[unit]}"
    return f"rank-score over {_OVER[unit]}"


def caption(study, benchmark, kind, unit):
    """Two or three sentences on how to read the figure."""
    missing = [] if unit is None else [m for m in study.scored_models(benchmark) if m not in study.costs_in(unit)]
    left_out = f" Not shown, their cost in {NAMES[unit]} is unknown: {', '.join(missing)}." if missing else ""
    if kind == "pass" and curves.published_marks(study, benchmark, unit):
        left_out = (
            " A cross is what Hassid et al. (2024) published of the same weights, drawn in the same way, at the same k."
            f"{left_out}"
        )
    if kind == "pass" and unit is None:
        return (
            "Share of problems that at least one of k samples solves. Bands are 95 % bootstrap intervals over "
            f"problems; a star is the greedy output. A line ends at k = n/2.{left_out}"
        )
    if kind == "pass":
        return (
            f"Share of problems that at least one of k samples solves, over what the k cost in {NAMES[unit]}. Marks "
            "are powers of two and the last k; a budget between two whole generations buys the lower one. Bands and "
            "whiskers are 95 % intervals; a star is the greedy output, at the cost of one generation."
            f"{left_out}"
        )
    if kind == "at_hand":
        return (
            "Share of problems on which the first of k samples that passes the tests at hand is right by the tests "
            "that judge; any sample is taken where none passes. The faint lines are what the tests that judge would "
            "choose, pass@k. The bars at the right edge are the ceiling that no budget lifts, from what all samples "
            "drawn reach to what more could at most. Below: how much of what the tests at hand accept is wrong. Stars "
            f"are greedy outputs, rings sampled ones. Bands are 95 % intervals.{left_out}"
        )
    return (
        "Share of problems on which the ranker's first choice among k samples is right; sampling and ranking are both "
        f"paid for, in {NAMES[unit]}. The faint line is the oracle, pass@k with unit tests. In every panel a star is a "
        f"model's greedy output and a ring its sampled single output. Bands are 95 % intervals.{left_out}"
    )


def alternative(study, benchmark, kind, unit):
    """The figure in words, with its ends in figures."""
    names = short_names(study.models)
    if kind == "pass":
        parts = [_line(curve, names[curve.model], unit) for curve in curves.pass_curves(study, benchmark, unit)]
        marks = curves.published_marks(study, benchmark, unit)
        parts += [_line(mark, f"published of {names[mark.model]}", unit) for mark in marks]
    elif kind == "at_hand":
        parts = [
            _line(curve, f"{names[curve.model]} by {source_words(source, study.models)}", unit)
            for source in sorted({row.source for row in study.at_hand_at_k if row.benchmark == benchmark})
            for curve in curves.at_hand_curves(study, benchmark, unit, source)
        ]
    else:
        parts = [
            _line(curve, f"{names[model]} by {curve.ranker}", unit)
            for model in study.scored_models(benchmark)
            for curve in curves.rank_curves(study, benchmark, unit, model)
        ]
    parts += [f"{names[s.model]} greedy: {percent(s.value)} %" for s in curves.greedy_stars(study, benchmark, unit)]
    return f"{benchmark}, {title(kind, unit)}. " + "; ".join(parts) + "."


def _line(curve, name, unit):
    ends = [(curve.k[i], curve.x[i], curve.value[i]) for i in (0, -1)]
    told = [
        f"{percent(value)} % at " + (f"k = {k}" if unit is None else f"{amount(unit, x)} (k = {k})")
        for k, x, value in ends
    ]
    return f"{name}: {told[0]}" + (f" to {told[1]}" if len(curve.k) > 1 else "")
