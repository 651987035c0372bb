"""What is said of choosing without the tests that judge, by tests at hand and by rankers; all of it from the tables."""

from typing import NamedTuple

from isobudget.report import sentences
from isobudget.report.database import Row, Study
from isobudget.report.formatting import NAMES, chooser_words, digits, percent, points, short_names, source_words, times
from isobudget.study.rankers import AT_HAND

COST = 2  # of a wrong answer, in right ones, that the sentence on the best k speaks of


class Contest(NamedTuple):
    """One chooser among a model's samples against one output of the dearest model.

    equal and best are rows of against_one: at the price of that output (None: it buys none), and where the margin is
    largest whatever it costs.
    """

    chooser: str
    equal: Row
    best: Row


def contests(study: Study, benchmark: str, unit: str, single: str) -> tuple[str, str, list[Contest]]:
    """Every chooser among the cheapest model's samples against one output of the dearest, best first.

    Args:
        single: greedy or sampled.

    Returns:
        (cheapest, dearest, list of Contest); all three are empty where two models with a cost are missing.
    """
    price = sentences.prices(study, benchmark, unit)
    if len(price) < 2:
        return "", "", []
    cheapest, dearest = next(iter(price)), list(price)[-1]
    key = (benchmark, unit, cheapest, dearest, single)
    rows = [r for r in study.against_one if (r.benchmark, r.unit, r.model, r.other, r.single) == key]
    found = []
    for chooser in dict.fromkeys(row.chooser for row in rows):
        mine = [row for row in rows if row.chooser == chooser]
        equal = next((row for row in mine if row.equal_cost), None)
        found.append(Contest(chooser, equal, max(mine, key=lambda row: (row.margin, -row.k))))
    return cheapest, dearest, sorted(found, key=lambda c: (-(c.equal.margin if c.equal else -2), c.chooser))


def by_tests_at_hand(study: Study, benchmark: str, unit: str) -> list[str]:
    """A paragraph a source of tests at hand: does the small model still win where these choose? A list of str."""
    cheapest, dearest, found = contests(study, benchmark, unit, "sampled")
    contested = {contest.chooser: contest for contest in found}
    told = []
    for chooser, (_, row, best) in contested.items():
        source = chooser.removeprefix(AT_HAND)
        if source == chooser:
            continue
        small, large = short_names(study.models)[cheapest], short_names(study.models)[dearest]
        start = f"Where {source_words(source, study.models)} choose, the tests that judge kept away:"
        if row is None or row.k < 2:
            told.append(
                f"{start} the {NAMES[unit]} of {large} run once do not pay for two samples of {small} to choose from. "
                f"At whatever cost the best is {small} run {times(best.k)}, for {digits(best.budget)} generations: "
                f"right on {percent(best.value)} % of problems, and {large} once on {percent(best.other_value)} % "
                f"({_margin(best)}). {_limits(study, benchmark, cheapest, source, small)}"
            )
            continue
        judged = contested["tests"].equal
        sentence = (
            f"{start} for the {NAMES[unit]} of {large} run once, {small} run {times(row.k)} is right on "
            f"{percent(row.value)} % of problems, and {large} on {percent(row.other_value)} % ({_margin(row)}). "
            f"{_survives(judged, row, small)} With the tests that judge it was {points(judged.margin)}."
        )
        told.append(f"{sentence} {_limits(study, benchmark, cheapest, source, small)}")
    return told


def _survives(judged, row, small):
    if row.low > 0:
        return f"So {small} many times still wins."
    if row.high < 0:
        return f"So {small} many times loses."
    return f"So the lead of {small} is gone: the two are not separated." if judged.low > 0 else "Neither leads."


def _limits(study, benchmark, model, source, small):
    """Who has tests, how much of what they accept is wrong, the ceiling, and where more samples hurt."""

    def of(rows):
        key = (benchmark, model, source)
        return [row for row in rows if (row.benchmark, row.model, row.source) == key]

    last = max(of(study.at_hand_at_k), key=lambda row: row.k)
    (ceiling,) = of(study.at_hand_ceilings)
    (best,) = [row for row in of(study.at_hand_best_k) if row.wrong_costs == COST]
    tests = next(r for r in study.at_hand_tests if (r.benchmark, r.source) == (benchmark, source))
    most = f"{percent(ceiling.most)} % ({percent(ceiling.most_low)} to {percent(ceiling.most_high)})"
    span = f"95 % interval {best.low} to {best.high}"
    if best.k == best.most_k:
        hurt = f"more samples help up to the {best.most_k} that can be scored ({span})"
    elif best.k:
        hurt = f"more than {best.k} samples hurt ({span})"
    else:
        hurt = f"no answer at all is better than any number of samples ({span})"
    have = f"{tests.tested:,} of {tests.problems:,} problems have such tests."
    if last.value + last.wrong == 0:
        return f"{have} They accept no sample of {small}, so that none is handed over, however many are drawn."
    return (
        f"{have} Of the answers that they accept among {last.k} samples, {percent(last.false_positives)} % are wrong, "
        f"and no number of samples lifts {small} above {most}. "
        f"If a wrong answer costs {digits(COST)} right ones, {hurt}."
    )


def by_rankers(study: Study, benchmark: str, unit: str) -> str | None:
    """One paragraph: does a ranker of the small model's samples reach the large one's greedy output? None: no rows."""
    cheapest, dearest, found = contests(study, benchmark, unit, "greedy")
    ranked = [c for c in found if c.chooser != "tests" and not c.chooser.startswith(AT_HAND)]
    if not ranked:
        return None
    small, large = short_names(study.models)[cheapest], short_names(study.models)[dearest]
    able = [contest for contest in ranked if contest.equal and contest.equal.k > 1]
    start = f"For the {NAMES[unit]} of one greedy output of {large}"
    if not able:
        sentence = f"{start}, no ranker can be paid for two candidates of {small}, so there is nothing to choose."
    else:
        first = able[0]
        row = first.equal
        ahead = [c for c in able if c.equal.low > 0]
        behind = all(c.equal.high < 0 for c in able)
        name = chooser_words(first.chooser, study.models)
        verdict = (
            f"the ranker {name} of {small}'s samples beats it"
            if ahead
            else f"no ranker of {small}'s samples reaches it; the closest is {name}"
            if behind
            else f"no ranker of {small}'s samples is shown to reach it; the closest is {name}"
        )
        sentence = (
            f"{start}, {verdict}, one of {row.k}: {percent(row.value)} % of problems against "
            f"{percent(row.other_value)} % ({_margin(row)})."
        )
    best = max(ranked, key=lambda contest: (contest.best.margin, -contest.best.budget))
    row, name = best.best, chooser_words(best.chooser, study.models)
    return (
        f"{sentence} At whatever cost the best, picked on these problems, is {name}, one of {row.k} for "
        f"{digits(row.budget)} generations of {small}: {percent(row.value)} % ({_margin(row)})."
    )


def _margin(row):
    return f"{points(row.margin)} points, paired 95 % interval {points(row.low)} to {points(row.high)}"
