"""Draw one block of samples, `n` for every problem, and keep them as they came."""

import argparse
import importlib

from isobudget.engines import answer_log
from isobudget.engines.base import prepare
from isobudget.files import stage
from isobudget.files.settings import SampleSettings
from isobudget.files.tables import read_rows, write_rows
from isobudget.study.engines import ENGINES


def draw_block(args: argparse.Namespace) -> None:
    """One block: sample numbers `block * n` to `block * n + n - 1` of every problem."""
    problems = read_rows(args.problems, "problems").to_pylist()
    where = {"benchmark": args.benchmark, "model": args.model, "decoding": args.decoding, "block": args.block}
    # imported now, for an HTTP client takes longer to import than a replay does to run
    engine = importlib.import_module(ENGINES[args.settings["engine"]].sampling)
    rows, metadata = engine.samples(problems, args.settings, where, args.recording or args.server, args.output)
    write_rows(args.output, "samples", rows, where | metadata)
    answer_log.beside(args.output).unlink(missing_ok=True)


def main() -> None:
    parser = stage.arguments(__doc__, SampleSettings)
    parser.add_argument("--problems", required=True)
    parser.add_argument("--benchmark", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--decoding", required=True, choices=("sampled", "greedy"))
    parser.add_argument("--block", required=True, type=int)
    parser.add_argument("--recording", help="engine recorded or import: the file to replay")
    parser.add_argument("--server", help="engine endpoint: the file that says where the server is")
    prepare(parser.parse_args().settings)
    stage.run(draw_block, parser)


if __name__ == "__main__":
    main()
