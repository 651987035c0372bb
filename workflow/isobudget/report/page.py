"""results/report/index.html: one file that needs no network, and says its answer without a script too."""

import base64
import hashlib
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from isobudget.report import choosing, sentences
from isobudget.report.colours import looks, variables
from isobudget.report.database import COLUMNS, Study
from isobudget.report.formatting import NAMES, amount, chooser_words, digits, percent, points, scale, short_names
from isobudget.study.units import UNITS

QUESTION = "With the same budget: run a large code model once, or a small one many times?"
# in this order they are one script, in one scope
SCRIPTS = ("elements", "words", "axes", "chart", "explore", "problems", "start")


def page(
    study: Study, data: str, figures: Mapping[str, list[dict[str, Any]]], provenance: list[tuple[str, str]]
) -> str:
    """The whole page as text.

    Args:
        study: a database.Study.
        data: the JSON text that the page's script reads, fit to stand in a <script> (data.in_script).
        figures: {benchmark: [dict]} with path (without .svg), title, caption, wide, introduction (a heading and a
            paragraph, or None), and svg, an element that inline_svg made, or None for a link to the file.
        provenance: [(what, value)], said at the end of the page.
    """
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_read), autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined
    )
    series = {colour: name for colour, name, _, _ in variables()}
    look = looks(study.models)
    environment.filters["tight"] = lambda text: re.sub(r"(\d) (%|times|points)", "\\1\u00a0\\2", text)
    environment.globals["swatch"] = lambda model: Markup(
        '<span class="swatch" style="background: var(--{})"></span>'
    ).format(series[look[model].light])
    parts = [_part(study, benchmark, figures.get(benchmark, [])) for benchmark in study.benchmarks]
    script = "\n(() => {\n'use strict';\n" + "\n".join(_read(f"{name}.js") for name in SCRIPTS) + "})();\n"
    return environment.get_template("page.html").render(
        css=Markup(_css()),
        script=Markup(script),
        policy=_policy(script),
        data=Markup(data),
        question=QUESTION,
        **_opening(parts),
        models=study.models,
        parts=[{**part, "index": index} for index, part in enumerate(parts)],
        costs=_costs(study),
        caveats=[unit.caveat for key, unit in UNITS.items() if unit.caveat and study.costs_in(key)],
        provenance=provenance,
        tables=list(COLUMNS),
    )


def _policy(script):
    """What a browser may do with the page: run this one script and no other, and ask no one for anything.

    A second lock: texts of models are escaped where they stand, and could run nothing if one were not.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"


def _opening(parts):
    """The page's first words: a title, and the sentences under it; (benchmark or None, sentence) each."""
    told = [
        (part["benchmark"] if len(parts) > 1 else None, *answer["recommendation"])
        for part in parts
        for answer in part["answers"]
        if answer["recommendation"]
    ]
    if len(parts) > 1 or not told:
        return {"title": QUESTION, "lead": [(name, f"{short[:-1]}: {why}") for name, short, why in told]}
    (_, title, first), *others = told
    lead = [f"With unit tests to choose by, it solves {first}", *(f"{short[:-1]}: {why}" for _, short, why in others)]
    return {"title": title, "lead": [(None, sentence) for sentence in lead]}


def _part(study, benchmark, figures):
    return {
        "benchmark": benchmark,
        "size": study.size(benchmark),
        "partial": study.part(benchmark),
        "excluded": _excluded([row.task_id for row in study.excluded if row.benchmark == benchmark]),
        "answers": [_answer(study, benchmark, unit) for unit in UNITS if sentences.winners(study, benchmark, unit)],
        "figures": figures,
        "introductions": list(dict.fromkeys(each["introduction"] for each in figures if each["introduction"])),
        "singles": [_single(study, benchmark, model) for model in study.models_on(benchmark)],
        "ranked": [each for unit in UNITS if (each := _ranked(study, benchmark, unit))],
        "contests": [each for unit in UNITS if (each := _contest(study, benchmark, unit))],
        "unranked": [_unranked(*entry) for entry in study.unranked.items()],
        "labels": [_labels(row) for row in study.labels if row.benchmark == benchmark],
        **_verdicts(study, benchmark),
    }


def _excluded(task_ids, shown=12):
    """A sentence that names the problems left out; "" if none were."""
    if not task_ids:
        return ""
    names = ", ".join(task_ids[:shown]) + (f" and {len(task_ids) - shown:,} more" if len(task_ids) > shown else "")
    return f"Left out and counted nowhere, because no reference solution passes their own tests here: {names}."


def _answer(study, benchmark, unit):
    rows = sentences.winners(study, benchmark, unit)
    cost = scale(unit, max(row.budget_absolute or 0 for row in rows))
    names = short_names(study.models)
    return {
        "name": NAMES[unit],
        "axis": cost.axis,
        "recommendation": sentences.recommendation(study, benchmark, unit),
        "headline": sentences.headline(study, benchmark, unit),
        "without_tests": sentences.without_tests(study, benchmark, unit),
        "at_hand": choosing.by_tests_at_hand(study, benchmark, unit),
        "rows": [
            {
                "budget": digits(row.budget),
                "cost": "-" if row.budget_absolute is None else digits(row.budget_absolute / cost.factor),
                "model": row.model,
                "best": f"{names[row.model]} × {row.k}",
                "value": percent(row.value),
                "interval": sentences.interval(row),
                "runner_up": row.runner_up,
                "second": f"{names[row.runner_up]} × {row.runner_up_k}" if row.runner_up else None,
                "margin": points(row.margin),
                "margin_interval": f"{points(row.margin_low)} to {points(row.margin_high)}",
                "separated": sentences.separated(row),
            }
            for row in rows
        ],
        "notes": [
            f"Budget {digits(row.budget)} leaves out {rival.model}: k = {rival.k} needs {2 * rival.k} samples a problem"
            + ("." if rival.n is None else f", and {rival.n} were drawn.")
            for row in rows
            for rival in sentences.undersampled(study, benchmark, unit, row.budget)
        ]
        + [f"{note[0].upper()}{note[1:]}." for note in [sentences.unscored(study, benchmark, unit)] if note],
    }


def _single(study, benchmark, model):
    scores = [row for row in study.pass_at_k if (row.benchmark, row.model) == (benchmark, model)]
    greedy = next((row for row in study.greedy if (row.benchmark, row.model) == (benchmark, model)), None)
    first = next((row for row in scores if row.k == 1), None)
    last = max(scores, key=lambda row: row.k, default=None)
    return {
        "model": model,
        "name": short_names(study.models)[model],
        "n": study.n(benchmark, model) or "-",
        **{
            name: f"{percent(row.value)} %" if row else "-"
            for name, row in (("greedy", greedy), ("first", first), ("last", last))
        },
        **{
            f"{name}_interval": sentences.interval(row) if row else "-"
            for name, row in (("greedy", greedy), ("first", first), ("last", last))
        },
    }


def _ranked(study, benchmark, unit):
    """Every ranker at the budget of the answer, and every single output that it pays for, best first."""
    row = sentences.deciding(study, benchmark, unit)
    if row is None:
        return None
    chosen = [
        (each, f"{chooser_words(each.ranker, study.models)}, one of {each.k}")
        for each in sentences.at_budget(study.rank_score_at_budget, row)
        if each.k > 1  # one candidate leaves nothing to choose
    ]
    if not chosen:
        return None
    singles = [(each, "greedy, the only one") for each in study.greedy if each.benchmark == benchmark]
    singles += [
        (each, "sampled, the only one") for each in study.pass_at_k if each.benchmark == benchmark and each.k == 1
    ]
    affordable = sentences.prices(study, benchmark, unit)
    singles = [each for each in singles if affordable.get(each[0].model, float("inf")) <= row.budget * (1 + 1e-9)]
    names = short_names(study.models)
    scored = [each for each in chosen + singles if each[0].value is not None]
    return {
        "name": NAMES[unit],
        "budget": digits(row.budget),
        "rows": [
            {
                "model": each.model,
                "name": names[each.model],
                "by": by,
                "value": percent(each.value),
                "interval": sentences.interval(each),
            }
            for each, by in sorted(scored, key=lambda entry: (-entry[0].value, entry[0].model, entry[1]))
        ],
    }


def _contest(study, benchmark, unit):
    """Every chooser among the cheapest model's samples against one greedy output of the dearest; None without rows."""
    cheapest, dearest, found = choosing.contests(study, benchmark, unit, "greedy")
    names = short_names(study.models)
    if not found:
        return None
    return {
        "name": NAMES[unit],
        "small": names[cheapest],
        "large": names[dearest],
        "said": choosing.by_rankers(study, benchmark, unit),
        "rows": [
            {
                "chooser": chooser_words(contest.chooser, study.models),
                "equal": _against(contest.equal),
                "best": _against(contest.best),
            }
            for contest in found
        ],
    }


def _against(row):
    """The cells of one row of against_one; dashes for none."""
    if row is None:
        return {"k": "-", "budget": "-", "value": "-", "margin": "-", "interval": "-"}
    return {
        "k": row.k,
        "budget": digits(row.budget),
        "value": f"{percent(row.value)} %",
        "margin": points(row.margin),
        "interval": f"{points(row.low)} to {points(row.high)}",
    }


def _unranked(model, rankers):
    lacks = {"nll": "log-probabilities of its samples"}
    why = dict.fromkeys(lacks.get(ranker.partition(":")[0], "tests that it wrote") for ranker in rankers)
    return f"{model} is not ranked by {' and '.join(rankers)}: no such {' or '.join(why)} are at hand."


def _labels(row):
    others = row.labelled - row.agreed
    where = f"; the {others:,} others are rows of label_disagreements in the database" if others else ""
    return (
        f"{row.model}: {row.labelled:,} samples came with a label, and the verdicts here agree with {row.agreed:,} of "
        f"them{where}."
    )


def _verdicts(study, benchmark):
    held = [row for row in study.verdicts if row.benchmark == benchmark]
    order = ["passed", "failed", "error", "timeout", "memory", "crashed", "rejected"]
    found = {row.verdict for row in held}
    names = [name for name in order if name in found] + sorted(found - set(order))
    counts = {(row.model, row.decoding, row.verdict): row.count for row in held}
    rows = []
    for model in study.models:
        for decoding in sorted({row.decoding for row in held if row.model == model}, reverse=True):
            line = [counts.get((model, decoding, name), 0) for name in names]
            rows.append(
                {"model": model, "decoding": decoding, "total": f"{sum(line):,}", "counts": [f"{n:,}" for n in line]}
            )
    return {"verdict_names": names, "verdicts": rows, "rejected": _rejected(study, benchmark)}


def _rejected(study, benchmark):
    """A phrase for each model and decoding with texts that held no program: how many, and why."""
    found: dict[tuple[str, str], list] = {}
    for row in study.rejected:
        if row.benchmark == benchmark:
            found.setdefault((row.model, row.decoding), []).append(row)
    return [
        {
            "model": model,
            "decoding": decoding,
            "count": f"{sum(row.count for row in rows):,}",
            "reasons": ", ".join(
                f"{row.count:,} {row.reason}" for row in sorted(rows, key=lambda row: (-row.count, row.reason))
            ),
        }
        for (model, decoding), rows in found.items()
    ]


def _costs(study):
    told = [row for unit in UNITS for row in study.costs if row.unit == unit]
    rows = sorted(told, key=lambda row: study.models.index(row.model))
    largest = {
        unit: max(v or 0 for r in rows if r.unit == unit for v in (r.generation, r.scoring, r.flops_read_written))
        for unit in {row.unit for row in rows}
    }
    return [
        {
            "model": row.model,
            "unit": NAMES[row.unit],
            "generation": amount(row.unit, row.generation, largest[row.unit]),
            "relative": "-" if row.relative is None else digits(row.relative),
            "scoring": amount(row.unit, row.scoring, largest[row.unit]),
            "how": row.how or "-",
            "beside": row.flops_read_written and amount(row.unit, row.flops_read_written, largest[row.unit]),
        }
        for row in rows
    ]


def _css():
    text = _read("page.css") + _read("figure.css")
    for theme, column in (("light", 2), ("dark", 3)):
        colours = _read(f"{theme}.css").strip()
        series = " ".join(f"--{series[1]}: {series[column]};" for series in variables())
        text = text.replace(f"/* {theme} */", f"{colours} {series}")
    return text


def _read(name):
    return resources.files(__package__).joinpath("web", name).read_text(encoding="utf-8")
