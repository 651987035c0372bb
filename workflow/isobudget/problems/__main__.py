"""Write one benchmark's problems: the first of the files between stages."""

import importlib

from isobudget import stage
from isobudget.rows import write_rows


def write_problems(args):
    """Load the benchmark, keep the first N if asked, write them."""
    benchmark, first = args.settings["benchmark"], args.settings.get("first")
    module = importlib.import_module(f"isobudget.problems.{benchmark.replace('-', '_')}")
    problems = module.problems()
    write_rows(args.output, "problems", problems[:first], {"benchmark": benchmark, "whole": len(problems)})


if __name__ == "__main__":
    stage.run(write_problems, stage.arguments(__doc__))
