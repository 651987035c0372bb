"""Which files make a study: said here once, for the rules that ask for them and for the store that loads them.

Files are named from the study's settings, never found by looking: that would let in what a removed model or an earlier
setting left behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from isobudget.files import paths
from isobudget.study import rankers


@dataclass(frozen=True)
class File:
    """One Parquet file and the keys that its path stands for."""

    kind: str
    path: str
    benchmark: str
    model: str | None = None
    decoding: str | None = None
    block: int | None = None
    ranker: str | None = None
    source: str | None = None


def study_files(results: str, settings: Mapping) -> list[File]:
    """Every Parquet file of a study that its database is made of, in a fixed order.

    Args:
        results: the results folder.
        settings: benchmarks, models, greedy, rankers, unranked, at_hand and imported, as the store is told them
            (stage_settings.aggregate).
    """
    found = []

    def add(kind, template, **keys):
        found.append(File(kind, paths.below(results, template, **keys), **keys))

    for benchmark in settings["benchmarks"]:
        add("problems", paths.PROBLEMS, benchmark=benchmark)
        sources = settings.get("at_hand", {}).get(benchmark, ())
        for source in sources:
            add("tests", paths.TESTS, source=source, benchmark=benchmark)
        for model, blocks in settings["models"].items():
            sampled = blocks[benchmark] if isinstance(blocks, dict) else blocks
            greedy = settings["greedy"] if isinstance(settings["greedy"], bool) else model in settings["greedy"]
            cells = [("sampled", block) for block in range(sampled)] + [("greedy", 0)] * greedy
            unranked = settings.get("unranked", {}).get(model, ())
            ranked = [ranker for ranker in settings["rankers"] if ranker not in unranked]
            if model in settings.get("imported", ()):
                for decoding in ["sampled"] * bool(sampled) + ["greedy"] * greedy:
                    add("imported", paths.IMPORTED, benchmark=benchmark, model=model, decoding=decoding)
            for ranker in filter(rankers.learns, ranked if sampled else ()):
                add("scores", paths.LEARNED, ranker=ranker, benchmark=benchmark, model=model, decoding="sampled")
            for decoding, block in cells:
                keys = {"benchmark": benchmark, "model": model, "decoding": decoding, "block": block}
                add("samples", paths.SAMPLES, **keys)
                add("outcomes", paths.OUTCOMES, **keys)
                if decoding == "sampled":
                    for ranker in ranked:
                        if not rankers.learns(ranker):
                            add("scores", paths.SCORES, ranker=ranker, **keys)
                    for source in sources:
                        add("at_hand", paths.AT_HAND, source=source, **keys)
            add("estimates", paths.ESTIMATES, benchmark=benchmark, model=model)
    return found
