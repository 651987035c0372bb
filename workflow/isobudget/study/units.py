"""What a budget can be counted in: one row per unit, in the order in which a study's answers are given.

A unit is a row here and a file of its own in costs/, which says what a generation costs in it; nothing else names one.
docs/how-to/add-a-unit.md goes through the steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# What a price can be made of, by the names of costs/facts.py.
Fact = Literal["config", "calibrations", "price", "tokens"]


@dataclass(frozen=True)
class Scale:
    """How amounts of one size are written: divided by `factor`, the number between `before` and `after`.

    Attributes:
        factor: how many of the unit are one of this scale.
        axis: its name in full, on axes and at the head of columns.
        before, after: what stands around a number: nothing and ` TFLOPs`, or `$` and `/1,000`.
        start: from how many on it is the scale to read: 0.5 TFLOPs rather than 500 GFLOPs, 7,000 s rather than 1.9 h.
        problems: how many problems an amount on it is for, if it is a budget.
    """

    factor: float
    axis: str
    after: str
    before: str = ""
    start: float = 0.5
    problems: int = 1

    @property
    def least(self) -> float:
        """The amount from which on it is the scale to read."""
        return self.start * self.factor

    @property
    def short(self) -> str:
        """Its name in short: `TFLOPs`, `$/1,000`."""
        return f"{self.before}{self.after}".strip()

    def written(self, number: str) -> str:
        """A number on this scale with its unit: `0.392 TFLOPs`, `$0.024/1,000`."""
        return f"{self.before}{number}{self.after}"


@dataclass(frozen=True)
class Unit:
    """What one unit is.

    Attributes:
        key: its name in the config, in the database, in names of figures and for `isobudget answer --unit`.
        label: its name in sentences, `With equal FLOPs`.
        meaning: what an amount of it counts, under figures.
        budgets_are: of budgets.KEY, the description in the schema of the config.
        cost_is: of models.NAME.cost.KEY, the same.
        scales: from the largest to the smallest.
        function: the dotted path of what prices a model, `price(facts: Facts) -> Price` (costs/facts.py).
        needs: the facts without which it cannot; it is called where all of them are known.
        budgets: those of a study that gives none, in generations of its cheapest model.
        scoring_as_generation: whether a scoring pass costs what a generation does, a cost given by hand included.
        beside: the key under which costs files hold the same by the tokens really read and written, if they do.
        caveat: a sentence for the page: what to keep in mind when comparing by it.
    """

    key: str
    label: str
    meaning: str
    budgets_are: str
    cost_is: str
    scales: tuple[Scale, ...]
    function: str
    needs: tuple[Fact, ...]
    budgets: tuple[float, ...] = ()
    scoring_as_generation: bool = False
    beside: str | None = None
    caveat: str = ""

    def scale(self, largest: float, one_problem: bool = False) -> Scale:
        """The Scale on which amounts up to `largest` are easy to read; of those for one problem alone, if asked."""
        scales = [scale for scale in self.scales if scale.problems == 1 or not one_problem]
        return next((scale for scale in scales if largest >= scale.least), scales[-1])


_ROWS = (
    Unit(
        key="flops",
        label="FLOPs",
        meaning="one forward pass over 128 tokens a generation, from the config.json of the model",
        budgets_are="by floating-point operations",
        cost_is="floating-point operations; or give 'config'",
        scales=(
            Scale(1e18, "EFLOPs", " EFLOPs"),
            Scale(1e15, "PFLOPs", " PFLOPs"),
            Scale(1e12, "TFLOPs", " TFLOPs"),
            Scale(1e9, "GFLOPs", " GFLOPs"),
            Scale(1e6, "MFLOPs", " MFLOPs"),
            Scale(1.0, "FLOPs", " FLOPs"),
        ),
        function="isobudget.costs.flops.price",
        needs=("config",),
        budgets=(1, 2, 4, 8),
        scoring_as_generation=True,
        beside="flops_read_written",
        caveat="FLOPs count one forward pass over 128 tokens, as the paper does, and leave out how long a model's "
        "answers are.",
    ),
    Unit(
        key="seconds",
        label="seconds",
        meaning="calibrated wall time a generation, the machine to itself and loading left out",
        budgets_are="by calibrated wall time",
        cost_is="seconds, on a machine with nothing else to do",
        scales=(
            Scale(3600.0, "hours", " h", start=3.0),
            Scale(1.0, "seconds", " s"),
            Scale(1e-3, "milliseconds", " ms"),
        ),
        function="isobudget.costs.seconds.price",
        needs=("calibrations",),
        budgets=(1, 2, 4, 8),
        caveat="Seconds belong to one machine, engine and batch size.",
    ),
    Unit(
        key="usd",
        label="US dollars",
        meaning="prompt and completion tokens at the prices of the config",
        budgets_are="by price",
        cost_is="US dollars",
        scales=(
            Scale(1.0, "US dollars", "", before="$", start=0.1),
            Scale(1e-3, "US dollars a thousand problems", "/1,000", before="$", problems=1000),
        ),
        function="isobudget.costs.usd.price",
        needs=("price", "tokens"),
    ),
)

UNITS: Mapping[str, Unit] = {row.key: row for row in _ROWS}


def needing(*facts: Fact) -> list[str]:
    """The keys of the units that need any of these facts."""
    return [key for key, unit in UNITS.items() if set(facts) & set(unit.needs)]
