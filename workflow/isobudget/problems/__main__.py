"""Write one benchmark's problems: the first of the files between stages."""

import argparse
import importlib

from isobudget.files import stage
from isobudget.files.settings import ProblemsSettings
from isobudget.files.tables import write_rows
from isobudget.study.benchmarks import BENCHMARKS


def write_problems(args: argparse.Namespace) -> None:
    """Load the benchmark, keep the first N if asked, write them.

    settings: benchmark, first (N or null), and data, a local file that stands for the hub, where the study names one.
    """
    benchmark, first, data = args.settings["benchmark"], args.settings.get("first"), args.settings.get("data")
    module = importlib.import_module(BENCHMARKS[benchmark].loader)
    problems = module.problems(benchmark, data)
    note = {"benchmark": benchmark, "whole": len(problems), "source": module.source(benchmark, data)}
    write_rows(args.output, "problems", problems[:first], note)


if __name__ == "__main__":
    stage.run(write_problems, stage.arguments(__doc__, ProblemsSettings))
