"""Score one block of samples with one ranker; the tests are never read."""

import argparse
import pkgutil
from collections.abc import Sequence
from typing import Any

from isobudget.engines.base import prepare
from isobudget.files import stage
from isobudget.files.settings import RankSettings
from isobudget.files.tables import read_metadata, read_rows, write_rows
from isobudget.ranking import likelihood
from isobudget.study.engines import ENGINES
from isobudget.study.rankers import row


def rank_block(args: argparse.Namespace) -> None:
    """Write a score a sample, in the order of the samples."""
    metadata = read_metadata(args.samples, "samples")
    where = {key: metadata[key] for key in ("benchmark", "model", "decoding", "block")}
    samples = read_rows(args.samples, "samples").to_pylist()
    settings = args.settings
    ranker = row(settings["ranker"])
    assert ranker is not None
    extra: dict[str, Any] = {}
    scores: Sequence[float | None]
    function = pkgutil.resolve_name(ranker.function)
    if settings["scorer"] and ENGINES[settings["engine"]].replays:
        scores, extra = likelihood.replay(samples, args.recording, where)
    elif settings["scorer"]:
        prompts = {p["task_id"]: p["prompt"] for p in read_rows(args.problems, "problems").to_pylist()}
        if metadata.get("form") == "program":
            samples = [s | {"text": likelihood.behind(prompts[s["task_id"]], s["text"])} for s in samples]
        scores, extra = likelihood.by_model(samples, prompts, settings, where, args.server, function)
    elif ranker.reads:
        scores = likelihood.kept(samples, function)
    else:
        scores = function(samples, settings.get("unit"))
    if samples and all(score is None for score in scores):
        # the samples are paid for, and other rankers choose among them: this one alone is left out of the estimates
        extra["unscored"] = f"no sample has what {settings['ranker']} goes by"
        print(f"{args.samples}: {extra['unscored']}, so it leaves this model out.")
        samples, scores = [], []
    rows = [
        {
            "task_id": sample["task_id"],
            "sample": sample["sample"],
            "score": score,
            # the paper drops generations that hit the token limit; what cannot be scored is not chosen either
            "kept": sample["finish_reason"] != "length" and score is not None,
        }
        for sample, score in zip(samples, scores, strict=True)
    ]
    write_rows(args.output, "scores", rows, where | {"ranker": settings["ranker"]} | extra)


def main() -> None:
    parser = stage.arguments(__doc__, RankSettings)
    parser.add_argument("--problems", required=True)
    parser.add_argument("--samples", required=True)
    parser.add_argument("--recording", help="the scorer is recorded: the file to replay")
    parser.add_argument("--server", help="the scorer is behind a server: the file that says where")
    prepare(parser.parse_args().settings)
    stage.run(rank_block, parser)


if __name__ == "__main__":
    main()
