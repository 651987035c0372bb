"""Estimate every metric of one model on one benchmark, with intervals, for every k up to half its samples, or 1.

Budgets are no part of this: which k a budget pays for is looked up later, so that a new budget estimates nothing anew.
"""

import argparse
import hashlib

import numpy as np
import pyarrow as pa

from isobudget.estimates import at_hand, combined
from isobudget.estimates.samples import excluded_problems, read_outcomes, read_scores, unscored
from isobudget.files import paths, stage, tables
from isobudget.files.errors import StudyError
from isobudget.files.settings import EstimateSettings
from isobudget.statistics.bootstrap import acceleration, interval, replicates, resamples
from isobudget.statistics.unbiased import most_k, pass_at_k, rank_score_at_k, samples_until_pass
from isobudget.statistics.votes import voted_rank_score_at_k
from isobudget.study import coverage
from isobudget.study.rankers import learns


def estimate(args: argparse.Namespace) -> None:
    """Read the blocks of outcomes and scores, write one row a metric, ranker and k."""
    settings = args.settings
    benchmark, model = settings["benchmark"], settings["model"]

    def blocks(template, decoding="sampled", **keys):
        numbers = range(settings["blocks"]) if decoding == "sampled" else [0]
        keys.update(benchmark=benchmark, model=model, decoding=decoding)
        return [paths.below(args.results, template, block=block, **keys) for block in numbers]

    # an import may have one greedy sample a problem and no other
    decoding = "sampled" if settings["blocks"] else "greedy"
    missing = coverage.missing(args.results, benchmark, settings.get("imported", ()))
    task_ids, passed = read_outcomes(blocks(paths.OUTCOMES, decoding), missing)
    counts = resamples(len(task_ids), settings["bootstrap"]["resamples"], settings["bootstrap"]["seed"])
    found = _sampled(args, blocks, task_ids, passed, counts, missing) if settings["blocks"] else []
    if settings["greedy"]:
        greedy_ids, greedy = read_outcomes(blocks(paths.OUTCOMES, "greedy"), missing)
        _same_problems(blocks(paths.OUTCOMES, "greedy")[0], "the greedy outcomes", greedy_ids, task_ids)
        value = greedy.mean(axis=1, keepdims=True)
        found.append(_rows("greedy", None, np.array([1]), value, greedy.shape[1], counts))
    note = {
        "benchmark": benchmark,
        "model": model,
        "bootstrap": settings["bootstrap"],
        # replicates of two models can be subtracted where these agree
        "problems_sha256": hashlib.sha256("\n".join(task_ids).encode()).hexdigest(),
    }
    tables.write_rows(args.output, "estimates", pa.concat_tables(found), note)


def _sampled(args, blocks, task_ids, passed, counts, missing):
    """The rows of the metrics of sampled outcomes.

    Args:
        args: of the stage.
        blocks: a function from a template to its files.
        task_ids, passed: of the outcomes.
        counts: of the resamples.
        missing: task_ids that no model is scored on.
    """
    settings = args.settings
    benchmark, model, seed = settings["benchmark"], settings["model"], settings["bootstrap"]["seed"]
    excluded = excluded_problems(blocks(paths.OUTCOMES)) | missing

    def ranked(ranker):
        return blocks(paths.SCORES, ranker=ranker)

    n = passed.shape[1]
    k = np.arange(1, most_k(n) + 1)
    correct = passed.sum(axis=1)
    found = [_rows("pass_at_k", None, k, pass_at_k(n, correct, k), n, counts)]
    found.append(_rows("samples_until_pass", None, k, samples_until_pass(n, correct, k), n, counts))
    for ranker in settings["rankers"]:
        if learns(ranker):
            keys = {"ranker": ranker, "benchmark": benchmark, "model": model, "decoding": "sampled"}
            file = paths.below(args.results, paths.LEARNED, **keys)
            if unscored([file]):
                continue
            values = combined.rank_score(file, ranked, passed, task_ids, excluded, k, seed)
        elif unscored(ranked(ranker)):
            continue
        else:
            scores, kept, clusters = read_scores(ranked(ranker), task_ids, n, excluded)
            if clusters is None:
                values = rank_score_at_k(passed, scores, kept, k)
            else:
                values = voted_rank_score_at_k(passed, scores, clusters, kept, k, seed)
        found.append(_rows("rank_score_at_k", ranker, k, values, n, counts))
    for source in settings.get("at_hand", ()):
        files = blocks(paths.AT_HAND, source=source)
        accepted_ids, accepted = read_outcomes(files, missing)
        _same_problems(files[0], "the tests at hand", accepted_ids, task_ids)
        found += _at_hand(source, accepted, passed, counts)
    return found


def _at_hand(source, accepted, passed, counts):
    """The rows of one source of tests at hand."""
    n, made, drawn = passed.shape[1], {}, {}
    for metric, (k, values) in at_hand.metrics(accepted, passed).items():
        made[metric] = _rows(metric, source, k, values, n, counts)
        drawn[metric] = values.mean(axis=0), replicates(values, counts)
    handed = zip(drawn["at_hand_right_at_k"], drawn["at_hand_wrong_at_k"], strict=True)
    value, again = (at_hand.false_positives(right, wrong) for right, wrong in handed)
    made["ratio"] = _table(
        "at_hand_false_positives_at_k", source, np.arange(1, len(value) + 1), value, again, 0.0, n, len(passed)
    )
    return list(made.values())


def _rows(metric, ranker, k, values, n, counts):
    """The rows of one metric from its values, shape (problems, ks)."""
    return _table(
        metric, ranker, k, values.mean(axis=0), replicates(values, counts), acceleration(values), n, len(values)
    )


def _table(metric, ranker, k, value, drawn, bent, n, problems):
    """The rows of one metric: value, shape (ks,), its replicates, shape (resamples, ks), and their acceleration."""
    low, high = interval(drawn, problems, bent)
    count = len(k)
    offsets = np.arange(count + 1, dtype=np.int32) * drawn.shape[0]
    columns = {
        "metric": [metric] * count,
        "ranker": [ranker] * count,
        "k": k,
        "value": value,
        "low": low,
        "high": high,
        "n": [n] * count,
        "problems": [problems] * count,
        "replicates": pa.ListArray.from_arrays(offsets, drawn.T.ravel()),
    }
    return pa.table(columns, schema=tables.SCHEMAS["estimates"])


def _same_problems(file, what, found, wanted):
    odd = sorted(set(found) ^ set(wanted))
    if odd:
        raise StudyError(
            f"{file}: {odd[0]} is either in {what} or in the sampled outcomes, not in both; delete the file and "
            "run again to make it anew."
        )


if __name__ == "__main__":
    parser = stage.arguments(__doc__, EstimateSettings)
    parser.add_argument("--results", required=True, help="the folder that holds outcomes/, scores/ and at_hand/")
    stage.run(estimate, parser)
