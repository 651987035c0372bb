"""What the figures share: their look, axes, lines and marks, drawn with matplotlib, and how they are saved."""

import matplotlib

matplotlib.use("Agg")

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from isobudget.files.tables import whole_file
from isobudget.report.colours import GRID, INK, PAPER, SOFT, Look
from isobudget.report.curves import Curve, Star
from isobudget.report.database import Study
from isobudget.report.formatting import digits, scale, short_names

WIDTH = 5.6  # inches; narrow, so that letters stay readable on a phone
PNG_DPI = 200  # twice matplotlib's 100

# A figure is drawn under it: @matplotlib.rc_context(STYLE).
STYLE: dict[Any, Any] = {
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


def save(figure: Figure, path: Path) -> None:
    """Write a figure as `path`.svg and `path`.png, whole, the same bytes for the same figure."""
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with matplotlib.rc_context(STYLE):
        with whole_file(f"{path}.svg") as temporary:
            figure.savefig(temporary, format="svg", metadata=nothing)
        figure.set_layout_engine("none")  # laid out once is enough
        with whole_file(f"{path}.png") as temporary:
            figure.savefig(temporary, format="png", dpi=PNG_DPI, metadata={"Software": None})


# One output per model, in a legend.
STAR = Line2D([], [], color=SOFT, marker="*", ms=11, lw=0, mec=PAPER, mew=0.8, label="greedy, one output")
RING = Line2D([], [], color=SOFT, marker="o", ms=8, lw=0, mfc="none", mew=1.4, label="sampled, one output")


def cost_axis(
    study: Study, axes: Axes, unit: str | None, xs: Sequence[Sequence[float]], relative: bool = True
) -> float:
    """Set a log2 axis of costs, in generations of the cheapest model above it, or of k.

    Args:
        unit: of the costs, or None for k.
        xs: the x of every line that the axis is to hold, absolute costs or k.
        relative: whether generations of the cheapest model stand above.

    Returns:
        What to divide costs by, for the axis shows them in a unit that is easy to read.
    """
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


def score_axis(axes: Axes, lines: Iterable[Curve], stars: Iterable[Star]) -> None:
    """Set an axis of per cent, from the ten below the lowest of lines, stars and their intervals up to 100."""
    marks: list[Curve | Star] = [*lines, *stars]
    lows = [low for each in marks for low in _each(each.low) + _each(each.value) if low is not None]
    axes.set_ylim(max(0, math.floor(10 * min(lows)) * 10), 101.5)  # a mark at 100 stays whole
    axes.yaxis.set_major_locator(FixedLocator(range(0, 101, 10)))


def _each(value):
    return list(value) if isinstance(value, tuple) else [value]


def percents(values: Iterable[float]) -> list[float]:
    """Fractions as per cent."""
    return [100 * value for value in values]


def band(axes: Axes, curve: Curve, factor: float, colour: str, gid: str, alpha: float = 0.16) -> None:
    """Draw a curve's interval; none where a part of it is unknown. `factor` is what cost_axis returned."""
    if None in curve.low or None in curve.high:
        return
    x = [each / factor for each in curve.x]
    if len(x) == 1:  # a band of one point would not be seen
        axes.vlines(x, percents(curve.low), percents(curve.high), color=colour, lw=4, alpha=2 * alpha, gid=gid)
    else:
        axes.fill_between(x, percents(curve.low), percents(curve.high), color=colour, alpha=alpha, lw=0, gid=gid)


def line(axes: Axes, curve: Curve, factor: float, look: Look, gid: str, style: str | tuple = "-") -> None:
    """Draw a curve in its model's look, with marks at the powers of two and at the last k."""
    marked = [position for position, k in enumerate(curve.k) if k & (k - 1) == 0 or position == len(curve.k) - 1]
    axes.plot(
        [each / factor for each in curve.x],
        percents(curve.value),
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


def oracle(axes: Axes, curve: Curve, factor: float, look: Look, gid: str) -> None:
    """Draw pass@k, faint, behind the scores of a chooser that is weaker than the tests that judge."""
    x = [each / factor for each in curve.x]
    axes.plot(x, percents(curve.value), color=look.light, lw=4, alpha=0.22, gid=gid)


def stars(
    axes: Axes,
    greedy: Iterable[Star],
    factor: float,
    look: dict[str, Look],
    whiskers: bool = True,
    panel: str | None = None,
) -> None:
    """Draw every model's greedy output as a star `greedy:MODEL`, in one of several panels `greedy:MODEL@PANEL`."""
    for star in greedy:
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


def rings(axes: Axes, singles: Iterable[Star], factor: float, look: dict[str, Look], panel: str) -> None:
    """Draw every model's sampled single output as a ring `single:MODEL@PANEL`."""
    for ring in singles:
        x, y = ring.x / factor, 100 * ring.value
        colour = look[ring.model].light
        axes.plot([x], [y], "o", color=colour, ms=9, mfc="none", mew=1.5, gid=f"single:{ring.model}@{panel}", zorder=4)


def handle(look: Look, name: str, line: bool = True) -> Line2D:
    """A model in a legend: its line and mark, or its colour alone where lines stand for something else."""
    return Line2D(
        [], [], color=look.light, marker=look.marker if line else "s", lw=1.7 if line else 0, ms=6, label=name
    )


def faint_handle(label: str) -> Line2D:
    """What `oracle` draws, in a legend."""
    return Line2D([], [], color=SOFT, lw=4, alpha=0.3, label=label)
