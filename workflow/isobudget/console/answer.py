"""`isobudget answer`: what to run for a budget, how sure that is, and what it rests on; from the DuckDB file alone."""

import json
import math
import textwrap
from collections import namedtuple
from importlib import resources
from pathlib import Path

import duckdb

from isobudget.files.errors import StudyError
from isobudget.study.units import UNITS

_WIDTH = 100
_LABEL = 12
# A foreign file must not make DuckDB fetch an extension that could read it.
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


def answer(database: str | Path, budget: float, unit: str, tests: bool = True, absolute: bool = False) -> str:
    """The answer in words, a block a benchmark.

    Args:
        database: the path of results/isobudget.duckdb.
        budget: a number above 0, in generations of the study's cheapest model; with `absolute`, in the unit itself, a
            problem.
        unit: a key of study.units.UNITS.
        tests: whether tests choose among the samples; else a ranker does, or the greedy output is taken.

    Returns:
        A string, lines within 100 columns.

    Raises:
        StudyError: there is no such file, it is no database of isobudget, the unit has no cost, or no benchmark has an
            answer at this budget.
    """
    if not Path(database).is_file():
        raise StudyError(f"{database}: there is no such file; run the study first, or name it with --db.")
    if not 0 < budget < math.inf:
        raise StudyError(f"--budget: {budget:g} is no budget; give a number above 0.")
    try:
        with duckdb.connect(str(database), read_only=True, config=_OFFLINE) as connection:
            study = _Study(connection)
            return _answer(study, budget, unit, tests, absolute)
    except duckdb.Error as error:
        if "set lock" in str(error):
            raise StudyError(f"{database}: another process is writing it; wait for it to end and ask again.") from None
        reason = str(error).splitlines()[0][:160]
        raise StudyError(
            f"{database}: no database that this isobudget can read ({reason}); run the study again to make it anew."
        ) from None


class _Study:
    """Named rows of the operations in queries/."""

    def __init__(self, connection):
        self._connection = connection
        names = connection.execute("FROM answers SELECT DISTINCT benchmark ORDER BY benchmark").fetchall()
        self.benchmarks = [name for (name,) in names]
        kept = dict(connection.execute("FROM study SELECT key, value").fetchall())
        self.settings = json.loads(kept.get("settings", "{}"))

    def ask(self, query, **keys):
        text = resources.files(__package__).joinpath("queries", f"{query}.sql").read_text()
        result = self._connection.execute(text, keys)
        # its fields are known when the query has run
        row = namedtuple(query, [column[0] for column in result.description])  # type: ignore[misc]
        return [row(*values) for values in result.fetchall()]


def _answer(study, budget, unit, tests, absolute):
    costs = study.ask("costs", unit=unit)
    if not costs:
        raise StudyError(f"--unit {unit}: no model of this study has a cost in {UNITS[unit].label}; use another unit.")
    if absolute:
        budget /= costs[0].generation
    blocks, reasons = [], []
    for benchmark in study.benchmarks:
        keys = {"benchmark": benchmark, "unit": unit, "tests": tests}
        found = study.ask("answer", **keys, budget=budget)
        if found:
            blocks.append(_block(study, found[0], budget, costs))
        else:
            reasons.append(_no_answer(study, keys, budget))
    if not blocks:
        raise StudyError(" ".join(reasons))
    return "\n\n".join([*blocks, *reasons]) + "\n"


def _no_answer(study, keys, budget):
    first = study.ask("first", **keys)[0].budget
    what = f"{keys['benchmark']}: --budget {_digits(budget)} --unit {keys['unit']}"
    if first is None:
        return f"{what}: no model has a score{'' if keys['tests'] else ' without tests'}, add samples or rankers."
    return f"{what} buys no generation; the first budget with an answer is {_digits(first)}."


def _block(study, row, budget, costs):
    amount = _amount(row.unit, budget * row.cheapest_generation)
    chooses = "unit tests choose" if row.tests else "no tests"
    head = (
        f"{row.benchmark}, {chooses}, a budget of {_digits(budget)} generations of {row.cheapest} in "
        f"{UNITS[row.unit].label} ({amount} a problem)"
    )
    lines = [
        ("run", f"{_way(row.model, row.ranker, row.k)}: solves {_percent(row.value)} % of problems (95 % interval "
                f"{_percent(row.low)} to {_percent(row.high)})"),
        ("runner-up", _runner_up(row)),
    ]  # fmt: skip
    if row.tests:
        lines += _with_tests(study, row, budget)
    else:
        lines.append(("note", "each model's best ranker was picked on these very problems, which flatters it a little"))
    if "combined" in (row.ranker, row.runner_up_ranker):
        lines.append(("note", "combined learns from the labels of other problems, which no other ranker needs"))
    return "\n".join([*textwrap.wrap(head, _WIDTH), "", *_told(lines), *_told(_rests_on(study, row, costs))])


def _runner_up(row):
    if row.runner_up is None:
        return "no other model has a score at this budget"
    way = _way(row.runner_up, row.runner_up_ranker, row.runner_up_k)
    sure = "separated" if row.margin_low > 0 else "not separated: take either"
    return (
        f"{way}: {_percent(row.runner_up_value)} %; the answer leads by {_points(row.margin)} points "
        f"(paired 95 % interval {_points(row.margin_low)} to {_points(row.margin_high)}): {sure}"
    )


def _with_tests(study, row, budget):
    lines = []
    for stop in study.ask("early_stop", benchmark=row.benchmark, model=row.model, k=row.k) if row.k > 1 else []:
        lines.append(
            (
                "stop early",
                f"at the first pass, and {_digits(stop.value)} of the {row.k} generations are drawn in expectation "
                f"({_digits(stop.low)} to {_digits(stop.high)})",
            )
        )
    for mix in study.ask("mix", benchmark=row.benchmark, unit=row.unit, budget=budget):
        lines.append(("cascade" if mix.early_stop else "mix", _mixed(mix, budget)))
    if row.runner_up:
        keys = {"benchmark": row.benchmark, "unit": row.unit, "first": row.model, "second": row.runner_up}
        lines += [("crossover", _crossing(crossing)) for crossing in study.ask("crossover", **keys)]
    return lines


def _mixed(mix, budget):
    at = "" if math.isclose(mix.budget, budget) else f"at a budget of {_digits(mix.budget)}, "
    way = f"{at}{mix.mix}"
    if mix.early_stop:
        way = f"{at}in expectation, stopping at the first pass: {mix.mix} (spends {_digits(mix.spent)})"
    elif " + " not in mix.mix:
        return f"{at}no mix of models is better than one alone"
    text = f"{way}: {_percent(mix.value)} % on problems that did not choose it"
    if mix.capped:
        text += f"; too few samples of {mix.capped} for a fair comparison with one model alone"
    elif mix.margin_low or mix.margin_high:
        text += (
            f", {_points(mix.margin)} points ({_points(mix.margin_low)} to {_points(mix.margin_high)}) over the best "
            "model alone, chosen in the same way"
        )
    return text


def _crossing(crossing):
    if crossing.tied:
        return f"{crossing.model} and {crossing.other} end level at {_digits(crossing.compared_until)}"
    high = f"beyond {_digits(crossing.compared_until)}" if crossing.high is None else _digits(crossing.high)
    low = f"beyond {_digits(crossing.compared_until)}" if crossing.low is None else _digits(crossing.low)
    start = math.isclose(crossing.budget, crossing.compared_from)
    since = "as soon as both can be paid for" if start else "for good"
    text = f"{crossing.model} is ahead of {crossing.other} from {_digits(crossing.budget)} on, {since}"
    again = f", after {crossing.crossings} changes of lead" if crossing.crossings > 1 else ""
    return f"{text}{again} (95 % interval {low} to {high}; compared up to {_digits(crossing.compared_until)})"


def _rests_on(study, row, costs):
    held = study.ask("samples", benchmark=row.benchmark)
    bootstrap = study.settings.get("bootstrap", {})
    samples = ", ".join(f"{each.n} samples of {each.model}" for each in held)
    problems = max((each.problems for each in held), default=0)
    rests = f"{problems} problems; a problem, {samples}"
    if bootstrap:
        rests += f"; {bootstrap['resamples']:,} paired resamples of the problems, seed {bootstrap['seed']}"
    lines = [("rests on", rests)]
    if row.capped:
        what = f"more than half of the samples drawn of {row.capped} are paid for, and no more can be scored"
        lines.append(("capped", f"{what}; with more samples in the config the answer may change"))
    told = ", ".join(f"{cost.model} {_digits(cost.relative)}" for cost in costs)
    how = costs[0].how.split(". ")[0].rstrip(".")
    lines.append(("costs", f"one generation: {told}; {how[:1].lower()}{how[1:]}"))
    lines.append(("intervals", "hold at one budget each; low_all and high_all of the table margins at all at once"))
    return lines


def _way(model, ranker, k):
    times = {1: "once", 2: "twice"}.get(k, f"{k} times")
    if ranker == "greedy":
        return f"{model} once, greedily"
    return f"{model} {times}" + (f", {ranker} choosing" if ranker and k > 1 else "")


def _told(lines):
    told = []
    for label, text in lines:
        told += textwrap.wrap(
            text, _WIDTH, initial_indent=label.ljust(_LABEL), subsequent_indent=" " * _LABEL, break_on_hyphens=False
        )
    return told


def _amount(unit, value):
    scale = UNITS[unit].scale(value, one_problem=True)
    return scale.written(_digits(value / scale.factor))


def _digits(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _percent(value):
    return f"{100 * value:.1f}"


def _points(value):
    return f"{100 * value + 0.0:+.1f}"
