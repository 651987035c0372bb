"""The ranker `combined`: the study's other rankers of a model's samples, weighed by what passed on other problems.

It needs labels, on other problems than those it ranks. So it is made here, where verdicts and scores meet, and not with
the other rankers, whose jobs are given no verdict and no test.
"""

import numpy as np

from isobudget import paths, rows, stage
from isobudget.estimates.samples import excluded_problems, read_outcomes, read_scores
from isobudget.statistics.combined import combined


def combine(args):
    """Write a score for every sample of one model on one benchmark, lower is better.

    settings: benchmark, model, blocks (how many), rankers (names, of which it is made), seed.
    """
    settings = args.settings
    keys = {key: settings[key] for key in ("benchmark", "model")} | {"decoding": "sampled"}

    def blocks(template, **more):
        return [paths.below(args.results, template, block=b, **keys, **more) for b in range(settings["blocks"])]

    task_ids, passed = read_outcomes(blocks(paths.OUTCOMES))
    excluded = excluded_problems(blocks(paths.OUTCOMES))
    n = passed.shape[1]
    read = [read_scores(blocks(paths.SCORES, ranker=r), task_ids, n, excluded) for r in settings["rankers"]]
    kept = np.all([each for _, each, _ in read], axis=0)
    scores = combined(np.stack([scores for scores, *_ in read], axis=-1), kept, passed, settings["seed"])
    columns = {
        "task_id": np.repeat(task_ids, n).tolist(),
        "sample": np.tile(np.arange(n), len(task_ids)),
        "score": scores.ravel(),
        "kept": kept.ravel(),
    }
    rows.write_rows(args.output, "scores", columns, keys | {"ranker": "combined", "of": settings["rankers"]})


if __name__ == "__main__":
    parser = stage.arguments(__doc__)
    parser.add_argument("--results", required=True, help="the folder that holds outcomes/ and scores/")
    stage.run(combine, parser)
