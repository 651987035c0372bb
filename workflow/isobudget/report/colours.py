"""Colours, marks and strokes: one look for a model in every figure, told apart without colour too."""

from collections.abc import Iterable
from typing import NamedTuple


class Look(NamedTuple):
    """How one series is drawn: `light` and `dark` are hex colours for the two looks of the page."""

    light: str
    dark: str
    marker: str


# Okabe and Ito's palette, safe for colour-blind readers, without its black and its yellow; two more close it.
_LOOKS = (
    Look("#0072b2", "#56b4ee", "o"),
    Look("#d55e00", "#ff8b3d", "s"),
    Look("#009e73", "#2fd0a2", "^"),
    Look("#b0568f", "#e59ac6", "D"),
    Look("#b07d00", "#f0b429", "v"),
    Look("#5b5fc7", "#a5a8ff", "p"),
    Look("#6b6f76", "#b4bac2", "<"),
    Look("#8a4b2f", "#d39a7c", "h"),
)

# Ink and paper of the figures, each used for nothing else, so that the page can swap it for its own colour.
INK, SOFT, GRID, PAPER = "#1f2329", "#5a626d", "#dfe3e8", "#fefefe"
THEME = {INK: "ink", SOFT: "soft", GRID: "line", PAPER: "paper"}

STROKES: tuple[str | tuple, ...] = (
    "-",
    (0, (5, 2)),
    (0, (1.2, 1.6)),
    (0, (6, 2, 1.2, 2)),
    (0, (9, 3)),
    (0, (3, 1.5, 1.2, 1.5, 1.2, 1.5)),
)
RANKER_MARKERS = ("o", "s", "^", "D", "v", "p", "<", "h")


def looks(models: Iterable[str]) -> dict[str, Look]:
    """{model: Look}, by the order of the models, so that a model looks the same in every figure."""
    return {model: _LOOKS[position % len(_LOOKS)] for position, model in enumerate(models)}


def strokes(rankers: Iterable[str]) -> dict[str, tuple[str | tuple, str]]:
    """{ranker: (line style, marker)}, by name, the same in every figure."""
    return {
        ranker: (STROKES[position % len(STROKES)], RANKER_MARKERS[position % len(RANKER_MARKERS)])
        for position, ranker in enumerate(sorted(rankers))
    }


def variables() -> list[tuple[str, str, str, str]]:
    """[(hex in the figures, CSS variable, colour when light, colour when dark)] of every series."""
    return [(look.light, f"series-{position}", look.light, look.dark) for position, look in enumerate(_LOOKS)]
