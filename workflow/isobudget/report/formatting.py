"""Costs, budgets and scores in words and figures that a person reads at a glance."""

from collections.abc import Iterable

from isobudget.study.rankers import AT_HAND
from isobudget.study.units import UNITS, Scale

NAMES = {key: unit.label for key, unit in UNITS.items()}


def scale(unit: str, largest: float) -> Scale:
    """The Scale of a unit on which amounts up to `largest` are easy to read."""
    return UNITS[unit].scale(largest)


def amount(unit: str, value: float | None, largest: float = 0.0) -> str:
    """An absolute amount with its unit: `0.392 TFLOPs`, `1.84 s`, `$0.02`; on the scale of `largest` beside it."""
    if value is None:
        return "unknown"
    chosen = scale(unit, max(value, largest))
    return chosen.written(digits(value / chosen.factor))


def digits(number: float) -> str:
    """Three significant digits, never an exponent below a million: 0.392, 3.1, 12, 1,640."""
    if number == 0:
        return "0"
    if abs(number) >= 1000:
        return f"{number:,.0f}"
    text = f"{number:.3g}"
    return f"{number:.8f}".rstrip("0") if "e" in text else text


def percent(value: float | None) -> str:
    """A fraction as per cent with one decimal, without the sign: 0.7123 is `71.2`."""
    return "-" if value is None else f"{100 * value:.1f}"


def points(value: float | None) -> str:
    """A difference of fractions in points, with its sign: `+3.1`."""
    if value is None:
        return "-"
    text = f"{100 * value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def source_words(source: str, models: Iterable[str] = ()) -> str:
    """What tests at hand are: the examples in the prompts, assert 2 of those that judge, tests that 0.5b wrote."""
    kind, _, which = source.partition(":")
    words = {"examples": "the examples in the prompts", "assert": f"assert {which} of those that judge"}
    words["written"] = f"tests that {short_names(models).get(which, which)} wrote"
    return words.get(kind, source)


def chooser_words(chooser: str, models: Iterable[str]) -> str:
    """Who chooses, its model by its short name: `nll:1.5b`; and that `combined` is told labels, which no other is."""
    kind, colon, name = chooser.partition(":")
    if chooser.startswith(AT_HAND):
        return source_words(name, models)
    if chooser == "tests":
        return "the tests that judge"
    if chooser == "combined":
        return "combined (learns from labels of other problems)"
    return f"{kind}{colon}{short_names(models).get(name, name)}"


def times(k: int) -> str:
    """How often a model is run: once, twice, 7 times."""
    return {1: "once", 2: "twice"}.get(k, f"{k:,} times")


def short_names(models: Iterable[str]) -> dict[str, str]:
    """{model: its name without what all of them begin with}, cut only after a separator.

    qwen2.5-coder-0.5b and qwen2.5-coder-1.5b become 0.5b and 1.5b. One model alone keeps its name, and
    so do all where nothing would be left of one.
    """
    models = list(models)
    cut = 0
    if len(models) > 1:
        for position, letters in enumerate(zip(*models, strict=False)):
            if len(set(letters)) > 1:
                break
            if letters[0] in "-_":
                cut = position + 1
    if any(len(model) <= cut for model in models):
        cut = 0
    return {model: model[cut:] for model in models}
