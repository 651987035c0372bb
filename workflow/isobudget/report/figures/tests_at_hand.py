"""Choosing by tests at hand, fewer than those that judge, and how much of what they accept is wrong."""

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from isobudget.report import captions, curves
from isobudget.report.colours import SOFT, Look, looks
from isobudget.report.database import Study
from isobudget.report.figures import drawing
from isobudget.report.formatting import short_names, source_words

# What the page says of it, once a benchmark: a heading and a paragraph.
INTRODUCTION = (
    "With tests at hand, fewer than those that judge",
    "In use nobody has the tests that judge. A sample that passes the few at hand may still be wrong, and no number "
    "of\nsamples cures that (Stroebl, Kapoor and Narayanan, arXiv 2411.17501). The answer in full says what that "
    "changes here, the\ndrawings show it.",
)


@matplotlib.rc_context(drawing.STYLE)
def draw(study: Study, benchmark: str, unit: str | None) -> Figure | None:
    """Choosing by the tests at hand over the cost of k samples, and below it how much of what they accept is wrong.

    For each source of tests a panel of scores and one of false positives. Lines carry the gids `at_hand:MODEL:SOURCE`
    and `wrong:MODEL:SOURCE`, pass@k behind them `oracle:MODEL:SOURCE`, the ceiling that no budget lifts, between its
    two ends, `ceiling:MODEL:SOURCE`; a star is a model's greedy output, a ring its sampled one. Returns a Figure, or
    None where there are no tests at hand or no model has a cost in the unit.
    """
    panels = {source: curves.at_hand_curves(study, benchmark, unit, source) for source in _sources(study, benchmark)}
    panels = {source: [curves.thinned(line) for line in lines] for source, lines in panels.items() if lines}
    if not panels:
        return None
    oracle = [curves.thinned(line) for line in curves.pass_curves(study, benchmark, unit)]
    stars, rings = curves.greedy_stars(study, benchmark, unit), curves.single_stars(study, benchmark, unit)
    look, names = looks(study.models), short_names(study.models)
    xs = [line.x for lines in [*panels.values(), oracle] for line in lines]
    figure = Figure(figsize=(drawing.WIDTH, 0.9 + 4.5 * len(panels)), layout="constrained")
    ratios = [3, 1.2] * len(panels)
    grid = figure.subplots(2 * len(panels), 1, sharex=True, squeeze=False, height_ratios=ratios).flatten()
    for place, (source, lines) in enumerate(panels.items()):
        scores, wrong = grid[2 * place : 2 * place + 2]
        factor = drawing.cost_axis(study, scores, unit, xs, relative=not place)
        drawing.cost_axis(study, wrong, unit, xs, relative=False)
        scores.set_xlabel("")
        for line in oracle:
            drawing.oracle(scores, line, factor, look[line.model], f"oracle:{line.model}:{source}")
        for line in lines:
            drawing.band(scores, line, factor, look[line.model].light, f"band:{line.model}:{source}", alpha=0.1)
            drawing.line(scores, line, factor, look[line.model], f"at_hand:{line.model}:{source}")
        for line in curves.false_positive_curves(study, benchmark, unit, source):
            line = curves.thinned(line)
            drawing.band(wrong, line, factor, look[line.model].light, f"wrong_band:{line.model}:{source}", alpha=0.1)
            drawing.line(wrong, line, factor, look[line.model], f"wrong:{line.model}:{source}")
        _ceilings(study, scores, benchmark, source, look)
        drawing.rings(scores, rings, factor, look, panel=source)
        drawing.stars(scores, stars, factor, look, panel=source)
        scores.set_title(f"choosing by {source_words(source, study.models)}")
        scores.set_ylabel("right, % of problems")
        drawing.score_axis(scores, [*lines, *oracle], stars)
        wrong.set_ylabel("accepted and\nwrong, %")
        wrong.set_ylim(0, None)
    handles = [drawing.handle(look[line.model], names[line.model]) for line in reversed(oracle)]
    handles.append(drawing.faint_handle("the tests that judge: pass@k"))
    handles.append(Line2D([], [], color=SOFT, lw=5, alpha=0.5, solid_capstyle="butt", label="ceiling of any budget"))
    figure.legend(handles=[*handles, drawing.STAR, drawing.RING], loc="outside lower center", ncols=2)
    return figure


def caption(study: Study, benchmark: str, unit: str | None) -> str:
    """Some sentences on how to read the figure."""
    return (
        "Share of problems on which the first of k samples that passes the tests at hand is right by the tests "
        "that judge; any sample is taken where none passes. The faint lines are what the tests that judge would "
        "choose, pass@k. The bars at the right edge are the ceiling that no budget lifts, from what all samples "
        "drawn reach to what more could at most. Below: how much of what the tests at hand accept is wrong. Stars "
        "are greedy outputs, rings sampled ones. Bands are 95 % intervals."
    )


def phrases(study: Study, benchmark: str, unit: str | None) -> list[str]:
    """The figure in words, one phrase per line of scores, with its ends, and per star."""
    names = short_names(study.models)
    lines = [
        captions.line_ends(line, f"{names[line.model]} by {source_words(source, study.models)}", unit)
        for source in _sources(study, benchmark)
        for line in curves.at_hand_curves(study, benchmark, unit, source)
    ]
    return lines + captions.greedy_values(study, benchmark, unit)


def _sources(study: Study, benchmark: str) -> list[str]:
    return sorted({row.source for row in study.at_hand_at_k if row.benchmark == benchmark})


def _ceilings(study: Study, axes: Axes, benchmark: str, source: str, look: dict[str, Look]) -> None:
    """At the right edge, from what n samples reach to what no number of them can be above."""
    found = [row for row in study.at_hand_ceilings if (row.benchmark, row.source) == (benchmark, source)]
    shown = [row for row in found if row.model in study.models]
    axes.set_xlim(right=axes.get_xlim()[1] * 2 ** (0.15 * len(shown)))  # room beside the last points
    for place, row in enumerate(sorted(shown, key=lambda row: study.models.index(row.model))):
        x = [1.0 - 0.022 * (len(shown) - place)] * 2  # side by side, in parts of the axes' width
        ends = [100 * row.reached, 100 * row.most]
        colour, gid = look[row.model].light, f"ceiling:{row.model}:{source}"
        axes.plot(x, ends, color=colour, lw=5, alpha=0.7, transform=axes.get_yaxis_transform(), gid=gid, zorder=3,
                  solid_capstyle="butt")  # fmt: skip
