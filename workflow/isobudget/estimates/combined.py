"""The ranker `combined`: the study's other rankers of a model's samples, weighed by what passed on other problems.

It needs labels, on other problems than those it ranks. So it is made here, where verdicts and scores meet, and not with
the other rankers, whose jobs are given no verdict and no test.
"""

import argparse
from collections.abc import Callable, Collection, Sequence

import numpy as np

from isobudget.estimates.samples import excluded_problems, read_outcomes, read_scores, unscored
from isobudget.files import paths, stage, tables
from isobudget.files.settings import CombineSettings
from isobudget.statistics.combined import combined, combined_rank_score_at_k
from isobudget.statistics.unbiased import rank_score_at_k


def combine(args: argparse.Namespace) -> None:
    """Write a score for every sample of one model on one benchmark, lower is better.

    settings: ranker (its name), benchmark, model, blocks (how many), rankers (names, of which it is made), seed.
    """
    settings = args.settings
    keys = {key: settings[key] for key in ("benchmark", "model")} | {"decoding": "sampled"}

    def blocks(template, **more):
        return [paths.below(args.results, template, block=b, **keys, **more) for b in range(settings["blocks"])]

    task_ids, passed = read_outcomes(blocks(paths.OUTCOMES))
    excluded = excluded_problems(blocks(paths.OUTCOMES))
    n = passed.shape[1]
    rankers = [ranker for ranker in settings["rankers"] if not unscored(blocks(paths.SCORES, ranker=ranker))]
    if not rankers:
        none = {"ranker": settings["ranker"], "unscored": "no other ranker scored these samples"}
        tables.write_rows(args.output, "scores", [], keys | none)
        return
    read = [read_scores(blocks(paths.SCORES, ranker=ranker), task_ids, n, excluded) for ranker in rankers]
    kept = np.all([each for _, each, _ in read], axis=0)
    votes = [ranker for ranker, (*_, clusters) in zip(rankers, read, strict=True) if clusters is not None]
    clusters = [clusters for *_, clusters in read if clusters is not None]
    features = np.stack([scores for scores, *_ in read], axis=-1)
    scores, weights = combined(features, stacked(clusters, kept.shape), kept, passed, settings["seed"])
    columns = {
        "task_id": np.repeat(task_ids, n).tolist(),
        "sample": np.tile(np.arange(n), len(task_ids)),
        "score": scores.ravel(),
        "kept": kept.ravel(),
    }
    note = {"ranker": settings["ranker"], "of": rankers, "votes": votes}
    note["weights"] = {task_id: each.tolist() for task_id, each in zip(task_ids, weights, strict=True)}
    tables.write_rows(args.output, "scores", columns, keys | note)


def rank_score(
    file: str,
    blocks: Callable[[str], list[str]],
    passed: np.ndarray,
    task_ids: list[str],
    excluded: Collection[str],
    k: np.ndarray,
    seed: int,
) -> np.ndarray:
    """rank-score@k of what `combine` wrote.

    Args:
        file: what it wrote.
        blocks: a function from a ranker to the files of its scores.
        passed, task_ids, excluded: of the outcomes.
        k: ints, shape (ks,).
        seed: of the draws where samples vote.

    Returns:
        Floats in 0..1, shape (problems, ks).
    """
    note = tables.read_metadata(file, "scores")
    n = passed.shape[1]
    scores, kept, _ = read_scores([file], task_ids, n, excluded)
    if not note["votes"]:
        return rank_score_at_k(passed, scores, kept, k)
    read = [read_scores(blocks(ranker), task_ids, n, excluded) for ranker in note["votes"]]
    clusters = [each for *_, each in read if each is not None]
    weights = np.array([note["weights"][task_id] for task_id in task_ids])
    return combined_rank_score_at_k(passed, scores, weights, stacked(clusters, kept.shape), kept, k, seed)


def stacked(clusters: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Clusters of several votes as one array, shape (problems, n, votes)."""
    return np.stack(clusters, axis=-1) if clusters else np.zeros((*shape, 0), int)


if __name__ == "__main__":
    parser = stage.arguments(__doc__, CombineSettings)
    parser.add_argument("--results", required=True, help="the folder that holds outcomes/ and scores/")
    stage.run(combine, parser)
