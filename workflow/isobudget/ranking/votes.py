"""Rankers that let the candidates vote: what each sample's own vote is worth, and with whom it votes.

What counts is how many of a cluster are drawn, which no block knows: estimates count the votes (statistics/votes.py).
So a block's file stays as it is when blocks are added.

agreement   the largest cluster of programs that make the same of every input, exceptions included
mbr-exec    minimum Bayes risk over execution results with the hard loss, 1 where two programs differ on any input
            (Shi et al., 2022, arXiv 2204.11454): the risk of a program is how many others it differs from, so the
            largest cluster is chosen. An execution that fails matches none, as in the authors' code
codet       dual execution agreement (Chen et al., 2022, arXiv 2207.10397): S_x are the programs that pass the same
            tests S_y; the consensus set with the largest |S_x| |S_y| is chosen
codet-sqrt  sqrt(|S_x|) |S_y|, which the authors' code has; it orders as |S_x| |S_y|^2 does
"""

import argparse
import hashlib
import json
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

from isobudget.files import stage
from isobudget.files.settings import VoteSettings
from isobudget.files.tables import read_metadata, read_rows, write_rows
from isobudget.study.rankers import row


def agreement(answers: list[dict[str, Any]], times: Mapping[int, int]) -> tuple[float, list[Any]]:
    """One sample's vote by all that it made of the inputs.

    Args:
        answers: its rows of behaviours, in the order of examples; none if it holds no program, or nobody gave inputs.
        times: {example: how often it was written}.

    Returns:
        (score, same): below 0, or 0.0 for a sample that votes for nothing, as it returns nowhere; and what samples of
        one cluster have in common, ready for JSON.
    """
    return _by_what_came(answers, any)


def mbr_exec(answers: list[dict[str, Any]], times: Mapping[int, int]) -> tuple[float, list[Any]]:
    """As `agreement`, of samples that return everywhere alone."""
    return _by_what_came(answers, all)


def codet(answers: list[dict[str, Any]], times: Mapping[int, int]) -> tuple[float, list[Any]]:
    """One sample's vote by the tests that it passes, each as often as it was written; args and returns as `agreement`.

    A sample that passes no test votes for nothing.
    """
    passed = [answer["example"] for answer in answers if answer["passed"]]
    return -float(sum(times[example] for example in passed)), passed


def codet_sqrt(answers: list[dict[str, Any]], times: Mapping[int, int]) -> tuple[float, list[Any]]:
    """As `codet`, with the square of the tests' weight: what orders as sqrt(|S_x|) |S_y| does."""
    score, passed = codet(answers, times)
    return -(score**2), passed


def _by_what_came(answers, fit):
    counts = bool(answers) and fit(answer["ended"] == "returned" for answer in answers)
    return -1.0 if counts else 0.0, [[answer["ended"], answer["value"]] for answer in answers]


def vote(
    ballot: Callable[..., tuple[float, list[Any]]], answers: list[dict[str, Any]], times: Mapping[int, int]
) -> tuple[float, str | None]:
    """One sample's vote.

    Args:
        ballot: one of the functions above, or one like them.
        answers, times: as in `agreement`.

    Returns:
        (score, cluster): below 0 and a text that is the same for samples of one cluster, or 0.0 and None for a sample
        that votes for nothing.
    """
    score, same = ballot(answers, times)
    return (score, hashlib.sha256(json.dumps(same).encode()).hexdigest()[:16]) if score else (0.0, None)


def vote_block(args: argparse.Namespace) -> None:
    """Write a vote a sample, in the order of the samples."""
    times: dict[str, dict[int, int]] = {}
    for example in read_rows(args.examples, "examples").to_pylist():
        times.setdefault(example["task_id"], {})[example["example"]] = example["times"]
    answers: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for answer in read_rows(args.behaviours, "behaviours").to_pylist():
        answers.setdefault((answer["task_id"], answer["sample"]), []).append(answer)
    ranker = row(args.settings["ranker"])
    assert ranker is not None
    ballot = pkgutil.resolve_name(ranker.function)
    rows = []
    for sample in read_rows(args.samples, "samples").to_pylist():
        mine = sorted(answers.get((sample["task_id"], sample["sample"]), []), key=lambda answer: answer["example"])
        score, cluster = vote(ballot, mine, times.get(sample["task_id"], {}))
        voted = {"task_id": sample["task_id"], "sample": sample["sample"], "score": score, "cluster": cluster}
        rows.append(voted | {"kept": sample["finish_reason"] != "length"})
    drawn = read_metadata(args.samples, "samples")
    where = {key: drawn[key] for key in ("benchmark", "model", "decoding", "block")}
    write_rows(args.output, "votes", rows, where | {"ranker": args.settings["ranker"]})


if __name__ == "__main__":
    parser = stage.arguments("Let the candidates of one block vote.", VoteSettings)
    parser.add_argument("--samples", required=True, help="the samples, Parquet")
    parser.add_argument("--behaviours", required=True, help="what they made of the inputs, Parquet")
    parser.add_argument("--examples", required=True, help="the inputs, Parquet")
    stage.run(vote_block, parser)
