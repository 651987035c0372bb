"""What the page's problem browser holds: who solves which problem, and the texts of a bounded number of samples."""

from typing import Any

import duckdb

from isobudget.report.database import Study, columns_of, query

MOST_PROBLEMS = 400  # of the study, whose texts are on the page
MOST_LETTERS = 1_400_000  # of all these texts
MOST_OF_ONE = 4_000  # of one text


def browser(study: Study, connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """Every benchmark's problems, ready for JSON.

    Returns:
        {benchmark: dict} with tasks (task_ids), n ({model's position: samples a problem}), passed and greedy ({model's
        position: a list, an entry a problem}: samples that pass; 1 or 0 for the greedy output, None where there is
        none), texts ({task's position: [prompt, samples]}) and left_out (a sentence on what is not there, or None). A
        sample is [model's position, decoding, number, verdict, detail, text]; of each model and problem the first with
        each verdict is shown, and the greedy one.
    """
    share = len(study.benchmarks) or 1
    return {name: _problems(study, connection, name, share) for name in study.benchmarks}


def _problems(study, connection, benchmark, share):
    tasks: list[str] = []
    places: dict[str, int] = {}
    n: dict[int, int] = {}
    passed: dict[int, dict[int, int]] = {}
    greedy: dict[int, dict[int, int | None]] = {}
    for task, model, samples, passes, at_once in query(connection, "solved", benchmark=benchmark):
        if task not in places:
            places[task] = len(tasks)
            tasks.append(task)
        if not samples and at_once is not None:
            samples, passes = 1, at_once  # the one output that there is of it
        position = study.models.index(model)
        n[position] = max(n.get(position, 0), samples)
        for column, value in ((passed, passes), (greedy, at_once)):
            column.setdefault(position, {})[places[task]] = value
    whole = range(len(tasks))
    columns = {
        name: {position: [held.get(place) for place in whole] for position, held in column.items()}
        for name, column in (("passed", passed), ("greedy", greedy))
    }
    texts, left_out = _texts(study, connection, benchmark, tasks, share)
    return {"tasks": tasks, "n": n, **columns, "texts": texts, "left_out": left_out}


def _texts(study, connection, benchmark, tasks, share):
    """The texts of as many problems as the bounds allow, evenly spread over the benchmark."""
    if not (columns_of(connection, "samples") and columns_of(connection, "problems")):
        return {}, "The database holds no texts of samples."
    step = max(1, -(-len(tasks) * share // MOST_PROBLEMS))
    found = _read(study, connection, benchmark, tasks, range(0, len(tasks), step))
    while len(found) > 1 and sum(map(_letters, found.values())) > MOST_LETTERS / share:
        step *= 2
        found = {place: entry for place, entry in found.items() if place % step == 0}
    said = "Of each model and problem the first sample with each verdict is here, and the greedy one"
    if len(found) < len(tasks):
        said += f"; texts of {len(found):,} of the {len(tasks):,} problems, evenly spread"
    return found, f"{said}. All are in the database, in the tables samples and outcomes."


def _read(study, connection, benchmark, tasks, places):
    keys = {"benchmark": benchmark, "tasks": [tasks[place] for place in places]}
    known = {tasks[place]: place for place in places}
    prompts = dict(query(connection, "prompts", **keys))
    found = {place: [_short(prompts.get(task, "")), []] for task, place in known.items()}
    for task, model, *sample, text in query(connection, "programs", **keys):
        found[known[task]][1].append([study.models.index(model), *sample, _short(text)])
    for _, samples in found.values():
        samples.sort(key=lambda sample: sample[0])
    return found


def _letters(entry):
    prompt, samples = entry
    return len(prompt) + sum(len(detail or "") + len(text) for *_, detail, text in samples)


def _short(text):
    if len(text or "") <= MOST_OF_ONE:
        return text or ""
    return f"{text[:MOST_OF_ONE]}\n… ({len(text) - MOST_OF_ONE:,} more letters)"
