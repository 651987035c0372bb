"""The paper's figures (arXiv 2404.00725, figures 1 to 6), drawn with matplotlib as SVG and PNG."""

import matplotlib

matplotlib.use("Agg")

import math

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from isobudget.files.tables import whole_file
from isobudget.report import curves
from isobudget.report.colours import GRID, INK, PAPER, SOFT, looks, strokes
from isobudget.report.formatting import digits, scale, short_names, source_words

WIDTH = 5.6  # inches; narrow, so that letters stay readable on a phone
PNG_DPI = 200  # twice matplotlib's 100

_STYLE = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "isobudget",  # the same ids in every run
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "axes.facecolor": PAPER,
    "figure.facecolor": PAPER,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
}


def pass_figure(study, benchmark, unit=None):
    """pass@k of every model over k, or over FLOPs, seconds or US dollars; greedy as a star, published as crosses.

    Lines carry the gid `curve:MODEL`, bands `band:MODEL`, stars `greedy:MODEL`, crosses `published:MODEL`; their data
    are the table's, x in the unit that the axis names, y in per cent. Returns a Figure, or None where no model
    has a cost in the unit.
    """
    lines = [curves.thinned(curve) for curve in curves.pass_curves(study, benchmark, unit)]
    if not lines:
        return None
    stars, crosses = curves.greedy_stars(study, benchmark, unit), curves.published_marks(study, benchmark, unit)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, 4.1), layout="constrained")
        axes = figure.add_subplot()
        factor = _axis(study, axes, unit, [line.x for line in lines])
        look, names = looks(study.models), short_names(study.models)
        for line in lines:
            _band(axes, line, factor, look[line.model].light, f"band:{line.model}")
            _line(axes, line, factor, look[line.model], f"curve:{line.model}")
        _stars(axes, stars, factor, look, whiskers=unit is not None)  # at k = 1 they would hide each other
        _crosses(axes, crosses, factor, look)
        axes.set_ylabel("pass@k, % of problems")
        _score_axis(axes, lines + crosses, stars)
        handles = [_handle(look[line.model], names[line.model]) for line in reversed(lines)]
        _legend(axes, handles + ([_STAR] if stars else []) + ([_CROSS] if crosses else []))
    return figure


def rank_figure(study, benchmark, unit):
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
    stroke = strokes({line.ranker for lines in panels.values() for line in lines})
    look, names = looks(study.models), short_names(study.models)
    everything = [line for lines in panels.values() for line in lines] + list(oracle.values())
    with matplotlib.rc_context(_STYLE):
        wide = 1 if len(panels) < 4 else 2
        tall = math.ceil(len(panels) / wide)
        figure = Figure(figsize=(WIDTH * wide, 0.75 + 2.75 * tall), layout="constrained")
        grid = figure.subplots(tall, wide, sharey=True, squeeze=False).flatten()
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
        for axes, (model, lines) in zip(grid, panels.items(), strict=False):
            factor = _axis(study, axes, unit, [line.x for line in everything], relative=axes in grid[:wide])
            if model in oracle:
                above = oracle[model]
                x = [each / factor for each in above.x]
                axes.plot(x, _percent(above.value), color=look[model].light, lw=4, alpha=0.22, gid=f"oracle:{model}")
            for line in lines:
                style, marker = stroke[line.ranker]
                mark = look[model]._replace(marker=marker)
                _band(axes, line, factor, mark.light, f"band:{model}:{line.ranker}", alpha=0.07)
                _line(axes, line, factor, mark, f"rank:{model}:{line.ranker}", style)
            _reach(axes, stars, factor, look)
            _rings(axes, rings, factor, look, panel=model)
            _stars(axes, stars, factor, look, panel=model)
            axes.set_title(f"choosing among the samples of {names[model]}")
            axes.set_ylabel("rank-score@k, %")
            _score_axis(axes, everything, stars)
            _ends(axes, lines, factor, look[model].light, {ranker: _brief(ranker, names) for ranker in stroke})
        handles = [_ranker_handle(stroke[ranker], _brief(ranker, names)) for ranker in stroke]
        faint = Line2D([], [], color=SOFT, lw=4, alpha=0.3, label="oracle: pass@k")
        models = [_handle(look[model], names[model], line=False) for model in study.scored_models(benchmark)]
        figure.legend(
            handles=[*handles, faint, _STAR, _RING, *models], loc="outside lower center", ncols=3 if wide == 1 else 6
        )
    return figure


def at_hand_figure(study, benchmark, unit):
    """Choosing by the tests at hand over the cost of k samples, and below it how much of what they accept is wrong.

    For each source of tests a panel of scores and one of false positives. Lines carry the gids `at_hand:MODEL:SOURCE`
    and `wrong:MODEL:SOURCE`, pass@k behind them `oracle:MODEL:SOURCE`, the ceiling that no budget lifts, between its
    two ends, `ceiling:MODEL:SOURCE`; a star is a model's greedy output, a ring its sampled one. Returns a Figure, or
    None where there are no tests at hand or no model has a cost in the unit.
    """
    sources = sorted({row.source for row in study.at_hand_at_k if row.benchmark == benchmark})
    panels = {source: curves.at_hand_curves(study, benchmark, unit, source) for source in sources}
    panels = {source: [curves.thinned(line) for line in lines] for source, lines in panels.items() if lines}
    if not panels:
        return None
    oracle = [curves.thinned(line) for line in curves.pass_curves(study, benchmark, unit)]
    stars, rings = curves.greedy_stars(study, benchmark, unit), curves.single_stars(study, benchmark, unit)
    look, names = looks(study.models), short_names(study.models)
    everything = [line for lines in panels.values() for line in lines]
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, 0.9 + 4.5 * len(panels)), layout="constrained")
        ratios = [3, 1.2] * len(panels)
        grid = figure.subplots(2 * len(panels), 1, sharex=True, squeeze=False, height_ratios=ratios).flatten()
        for place, (source, lines) in enumerate(panels.items()):
            scores, wrong = grid[2 * place : 2 * place + 2]
            xs = [line.x for line in everything + oracle]
            factor = _axis(study, scores, unit, xs, relative=not place)
            _axis(study, wrong, unit, xs, relative=False)
            scores.set_xlabel("")
            for line in oracle:
                x = [each / factor for each in line.x]
                gid = f"oracle:{line.model}:{source}"
                scores.plot(x, _percent(line.value), color=look[line.model].light, lw=4, alpha=0.22, gid=gid)
            for line in lines:
                _band(scores, line, factor, look[line.model].light, f"band:{line.model}:{source}", alpha=0.1)
                _line(scores, line, factor, look[line.model], f"at_hand:{line.model}:{source}")
            for line in curves.false_positive_curves(study, benchmark, unit, source):
                line = curves.thinned(line)
                _band(wrong, line, factor, look[line.model].light, f"wrong_band:{line.model}:{source}", alpha=0.1)
                _line(wrong, line, factor, look[line.model], f"wrong:{line.model}:{source}")
            _ceilings(study, scores, benchmark, source, look)
            _rings(scores, rings, factor, look, panel=source)
            _stars(scores, stars, factor, look, panel=source)
            scores.set_title(f"choosing by {source_words(source, study.models)}")
            scores.set_ylabel("right, % of problems")
            _score_axis(scores, [*lines, *oracle], stars)
            wrong.set_ylabel("accepted and\nwrong, %")
            wrong.set_ylim(0, None)
        handles = [_handle(look[line.model], names[line.model]) for line in reversed(oracle)]
        faint = Line2D([], [], color=SOFT, lw=4, alpha=0.3, label="the tests that judge: pass@k")
        above = Line2D([], [], color=SOFT, lw=5, alpha=0.5, solid_capstyle="butt", label="ceiling of any budget")
        figure.legend(handles=[*handles, faint, above, _STAR, _RING], loc="outside lower center", ncols=2)
    return figure


def save(figure, path):
    """Write a figure as `path`.svg and `path`.png, whole, the same bytes for the same figure."""
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with matplotlib.rc_context(_STYLE):
        with whole_file(f"{path}.svg") as temporary:
            figure.savefig(temporary, format="svg", metadata=nothing)
        figure.set_layout_engine("none")  # laid out once is enough
        with whole_file(f"{path}.png") as temporary:
            figure.savefig(temporary, format="png", dpi=PNG_DPI, metadata={"Software": None})


_STAR = Line2D([], [], color=SOFT, marker="*", ms=11, lw=0, mec=PAPER, mew=0.8, label="greedy, one output")
_CROSS = Line2D([], [], color=SOFT, marker="x", ms=7, lw=0, mew=1.7, label="published by Hassid et al., 2024")
_RING = Line2D([], [], color=SOFT, marker="o", ms=8, lw=0, mfc="none", mew=1.4, label="sampled, one output")


def _axis(study, axes, unit, xs, relative=True):
    """Set a log2 axis, in generations of the cheapest model above it; return what to divide costs by."""
    low, high = min(map(min, xs)), max(map(max, xs))
    axes.set_xscale("log", base=2)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.spines["top"].set_visible(False)
    if unit is None:
        axes.set_xlabel("k, samples a problem")
        axes.xaxis.set_major_locator(FixedLocator(_powers(low, high)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
        axes.set_xlim(low / 2**0.25, high * 2**0.25)
        return 1
    chosen = scale(unit, high)
    axes.set_xlabel(f"{chosen.axis} a problem" if "problems" not in chosen.axis else chosen.axis)
    axes.set_xlim(low / chosen.factor / 2**0.25, high / chosen.factor * 2**0.25)
    axes.xaxis.set_major_locator(FixedLocator(_round_powers(low / chosen.factor, high / chosen.factor)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: digits(x)))
    cheapest = min(study.costs_in(unit).values(), key=lambda cost: cost.relative)
    one = cheapest.generation / cheapest.relative / chosen.factor
    if relative:
        above = axes.secondary_xaxis("top", functions=(lambda x: x / one, lambda x: x * one))
        above.grid(False)
        above.set_xlabel(f"generations of {short_names(study.models)[cheapest.model]}", color=SOFT, fontsize=8.5)
        above.xaxis.set_major_locator(FixedLocator(_powers(low / chosen.factor / one, high / chosen.factor / one)))
        above.xaxis.set_minor_locator(NullLocator())
        above.xaxis.set_major_formatter(FuncFormatter(lambda x, _: digits(x)))
    return chosen.factor


def _powers(low, high):
    first, last = math.floor(math.log2(low) + 1e-9), math.ceil(math.log2(high) - 1e-9)
    step = max(1, math.ceil((last - first) / 9))
    return [2.0**power for power in range(first, last + 1, step)]


def _round_powers(low, high):
    """Ticks 0.1, 0.2, 0.5, 1, 2, 5 and so on between the ends: figures a person can hold."""
    ticks = [
        factor * 10.0**power
        for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for factor in (1, 2, 5)
    ]
    return [tick for tick in ticks if low / 1.3 <= tick <= high * 1.3]


def _score_axis(axes, lines, stars):
    lows = [low for each in [*lines, *stars] for low in _each(each.low) + _each(each.value) if low is not None]
    axes.set_ylim(max(0, math.floor(10 * min(lows)) * 10), 101.5)  # a mark at 100 stays whole
    axes.yaxis.set_major_locator(FixedLocator(range(0, 101, 10)))


def _each(value):
    return list(value) if isinstance(value, tuple) else [value]


def _percent(values):
    return [100 * value for value in values]


def _band(axes, line, factor, colour, gid, alpha=0.16):
    if None in line.low or None in line.high:
        return
    x = [each / factor for each in line.x]
    if len(x) == 1:  # a band of one point would not be seen
        axes.vlines(x, _percent(line.low), _percent(line.high), color=colour, lw=4, alpha=2 * alpha, gid=gid)
    else:
        axes.fill_between(x, _percent(line.low), _percent(line.high), color=colour, alpha=alpha, lw=0, gid=gid)


def _line(axes, line, factor, look, gid, style="-"):
    marked = [position for position, k in enumerate(line.k) if k & (k - 1) == 0 or position == len(line.k) - 1]
    axes.plot(
        [each / factor for each in line.x],
        _percent(line.value),
        color=look.light,
        ls=style,
        lw=1.7,
        marker=look.marker,
        ms=5,
        mec=PAPER,
        mew=0.6,
        markevery=marked,
        gid=gid,
        zorder=3,
    )


def _stars(axes, stars, factor, look, whiskers=True, panel=None):
    for star in stars:
        x, y = star.x / factor, 100 * star.value
        if whiskers and star.low is not None:
            axes.vlines(x, 100 * star.low, 100 * star.high, color=look[star.model].light, lw=1.1, zorder=2)
        axes.plot(
            [x],
            [y],
            "*",
            color=look[star.model].light,
            ms=14,
            mec=INK,
            mew=0.7,
            gid=f"greedy:{star.model}" + (f"@{panel}" if panel else ""),
            zorder=5,
        )


def _crosses(axes, crosses, factor, look):
    for cross in crosses:
        x, colour = [each / factor for each in cross.x], look[cross.model].light
        style = {"marker": "x", "ms": 8, "lw": 0, "mew": 1.7, "zorder": 4}
        axes.plot(x, _percent(cross.value), color=colour, gid=f"published:{cross.model}", **style)


def _brief(ranker, names):
    """A ranker's name that fits at the end of a line; `combined` is told labels of other problems."""
    kind, colon, model = ranker.partition(":")
    return "combined (labels)" if ranker == "combined" else f"{kind}{colon}{names.get(model, model)}"


def _reach(axes, stars, factor, look):
    """From each greedy output on a thin line to the right: what choosing among many would have to reach."""
    end = axes.get_xlim()[1]
    for star in stars:
        x, y = [star.x / factor, end], [100 * star.value] * 2
        axes.plot(x, y, color=look[star.model].light, lw=0.9, ls=(0, (1, 2)), zorder=1)
    axes.set_xlim(right=end)


def _ends(axes, lines, factor, colour, names, apart=5.2):
    """Name each line at its right end, in the axes' margin, pushed apart where they would overlap."""
    low, high = axes.get_ylim()
    ends = sorted((100 * line.value[-1], line.x[-1] / factor, names[line.ranker]) for line in lines)
    places = []
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


def _ceilings(study, axes, benchmark, source, look):
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


def _rings(axes, rings, factor, look, panel):
    for ring in rings:
        x, y = ring.x / factor, 100 * ring.value
        colour = look[ring.model].light
        axes.plot([x], [y], "o", color=colour, ms=9, mfc="none", mew=1.5, gid=f"single:{ring.model}@{panel}", zorder=4)


def _handle(look, name, line=True):
    return Line2D(
        [], [], color=look.light, marker=look.marker if line else "s", lw=1.7 if line else 0, ms=6, label=name
    )


def _ranker_handle(stroke, ranker):
    return Line2D([], [], color=SOFT, ls=stroke[0], marker=stroke[1], lw=1.7, ms=5, mec=PAPER, mew=0.6, label=ranker)


def _legend(axes, handles):
    axes.legend(handles=handles, loc="lower right", labelspacing=0.35, handlelength=2.4)
