"""rank-score@k of every ranker over what sampling and ranking cost."""

import math

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from isobudget.report import captions, curves
from isobudget.report.colours import PAPER, SOFT, Look, looks, strokes
from isobudget.report.curves import Curve, Star
from isobudget.report.database import Study
from isobudget.report.figures import drawing
from isobudget.report.formatting import short_names


@matplotlib.rc_context(drawing.STYLE)
def draw(study: Study, benchmark: str, unit: str | None) -> Figure | None:
    """rank-score@k over the cost of k candidates, a panel for each model whose samples are ranked.

    In a panel: a line a ranker (`rank:MODEL:RANKER`), the oracle pass@k faint above (`oracle:MODEL`), and
    every model's greedy output (a star, `greedy:MODEL@PANEL`) and sampled single output (a ring,
    `single:MODEL@PANEL`).
    Returns a Figure, or None where nothing was ranked or nothing has a cost in the unit.
    """
    panels = {model: curves.rank_curves(study, benchmark, unit, model) for model in study.scored_models(benchmark)}
    panels = {model: [curves.thinned(line) for line in lines] for model, lines in panels.items() if lines}
    if not panels:
        return None
    oracle = {line.model: curves.thinned(line) for line in curves.pass_curves(study, benchmark, unit)}
    stars, rings = curves.greedy_stars(study, benchmark, unit), curves.single_stars(study, benchmark, unit)
    stroke = strokes({line.ranker or "" for lines in panels.values() for line in lines})
    look, names = looks(study.models), short_names(study.models)
    everything = [line for lines in panels.values() for line in lines] + list(oracle.values())
    wide = 1 if len(panels) < 4 else 2
    tall = math.ceil(len(panels) / wide)
    figure = Figure(figsize=(drawing.WIDTH * wide, 0.75 + 2.75 * tall), layout="constrained")
    grid = figure.subplots(tall, wide, sharey=True, squeeze=False).flatten()
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    for axes, (model, lines) in zip(grid, panels.items(), strict=False):
        xs = [line.x for line in everything]
        factor = drawing.cost_axis(study, axes, unit, xs, relative=axes in grid[:wide])
        if model in oracle:
            drawing.oracle(axes, oracle[model], factor, look[model], f"oracle:{model}")
        for line in lines:
            style, marker = stroke[line.ranker or ""]
            mark = look[model]._replace(marker=marker)
            drawing.band(axes, line, factor, mark.light, f"band:{model}:{line.ranker}", alpha=0.07)
            drawing.line(axes, line, factor, mark, f"rank:{model}:{line.ranker}", style)
        _reach(axes, stars, factor, look)
        drawing.rings(axes, rings, factor, look, panel=model)
        drawing.stars(axes, stars, factor, look, panel=model)
        axes.set_title(f"choosing among the samples of {names[model]}")
        axes.set_ylabel("rank-score@k, %")
        drawing.score_axis(axes, everything, stars)
        _name_ends(axes, lines, factor, look[model].light, {ranker: _brief(ranker, names) for ranker in stroke})
    handles = [_ranker_handle(stroke[ranker], _brief(ranker, names)) for ranker in stroke]
    handles += [drawing.faint_handle("oracle: pass@k"), drawing.STAR, drawing.RING]
    handles += [drawing.handle(look[model], names[model], line=False) for model in study.scored_models(benchmark)]
    figure.legend(handles=handles, loc="outside lower center", ncols=3 if wide == 1 else 6)
    return figure


def caption(study: Study, benchmark: str, unit: str | None) -> str:
    """Two or three sentences on how to read the figure."""
    return (
        "Share of problems on which the ranker's first choice among k samples is right; sampling and ranking are both "
        f"paid for, in {captions.OVER[unit]}. The faint line is the oracle, pass@k with unit tests. In every panel a "
        "star is a model's greedy output and a ring its sampled single output. Bands are 95 % intervals."
    )


def phrases(study: Study, benchmark: str, unit: str | None) -> list[str]:
    """The figure in words, one phrase per line, with its ends, and per star."""
    names = short_names(study.models)
    lines = [
        captions.line_ends(line, f"{names[model]} by {line.ranker}", unit)
        for model in study.scored_models(benchmark)
        for line in curves.rank_curves(study, benchmark, unit, model)
    ]
    return lines + captions.greedy_values(study, benchmark, unit)


def _brief(ranker: str, names: dict[str, str]) -> str:
    """A ranker's name that fits at the end of a line; `combined` is told labels of other problems."""
    kind, colon, model = ranker.partition(":")
    return "combined (labels)" if ranker == "combined" else f"{kind}{colon}{names.get(model, model)}"


def _reach(axes: Axes, stars: list[Star], factor: float, look: dict[str, Look]) -> None:
    """From each greedy output on a thin line to the right: what choosing among many would have to reach."""
    end = axes.get_xlim()[1]
    for star in stars:
        x, y = [star.x / factor, end], [100 * star.value] * 2
        axes.plot(x, y, color=look[star.model].light, lw=0.9, ls=(0, (1, 2)), zorder=1)
    axes.set_xlim(right=end)


def _name_ends(
    axes: Axes, lines: list[Curve], factor: float, colour: str, names: dict[str, str], apart: float = 5.2
) -> None:
    """Name each line at its right end, in the axes' margin, pushed apart where they would overlap."""
    low, high = axes.get_ylim()
    ends = sorted((100 * line.value[-1], line.x[-1] / factor, names[line.ranker or ""]) for line in lines)
    places: list[float] = []
    for y, _, _ in ends:
        places.append(max(y, places[-1] + apart) if places else y)
    over = max(0, places[-1] - (high - apart)) if places else 0
    for (y, x, name), place in zip(ends, places, strict=True):
        axes.annotate(
            name, (x, y), xytext=(1.02, (place - over - low) / (high - low)), textcoords="axes fraction", fontsize=7.5,
            color=colour, va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.5, "alpha": 0.45, "shrinkA": 1, "shrinkB": 3,
                        "relpos": (0, 0.5)},
        )  # fmt: skip


def _ranker_handle(stroke: tuple, ranker: str) -> Line2D:
    return Line2D([], [], color=SOFT, ls=stroke[0], marker=stroke[1], lw=1.7, ms=5, mec=PAPER, mew=0.6, label=ranker)
