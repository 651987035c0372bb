"""What a generation costs in seconds: a fixed batch, timed with the machine to itself.

Loading is left out. A first small batch, untimed, lets the engine warm up. Scoring is timed
on the same completions where the study ranks with this model.
"""

import argparse
import importlib

from isobudget.engines.base import prepare
from isobudget.files import stage
from isobudget.files.settings import CalibrateSettings
from isobudget.files.tables import read_json, read_metadata, read_rows, write_json
from isobudget.sampling.prompts import prompts
from isobudget.study.engines import ENGINES


def calibrate(args: argparse.Namespace) -> None:
    """Write one calibration run, or replay one.

    The engine's `timed` gives (completions a problem, seconds of drawing, seconds of scoring or None, what the run's
    file says of the engine).
    """
    if args.recording:
        write_json(args.output, read_json(args.recording) | {"engine": args.settings["engine"]})
        return
    settings = args.settings
    problems = read_rows(args.problems, "problems").to_pylist()[: settings["prompts"]]
    engine = importlib.import_module(ENGINES[settings["engine"]].sampling)
    asked = prompts(problems, settings)
    drawn, seconds, scoring_seconds, facts = engine.timed(problems, asked, settings, args.model, args.run, args.server)
    flat = [completion for completions in drawn for completion in completions]
    run = {
        "model": args.model,
        "run": args.run,
        "engine": settings["engine"],
        "benchmark": read_metadata(args.problems, "problems")["benchmark"],
        "decoding": settings["decoding"],
        "prompts": len(problems),
        "generations": len(flat),
        "generation_seconds": round(seconds, 3),
        "prompt_tokens": sum(one.prompt_tokens for one in flat),
        "completion_tokens": sum(one.completion_tokens or 0 for one in flat),
        "scored": 0 if scoring_seconds is None else len(flat),
        "scoring_seconds": None if scoring_seconds is None else round(scoring_seconds, 3),
        **facts,
    }
    write_json(args.output, run)


def main() -> None:
    parser = stage.arguments(__doc__, CalibrateSettings)
    parser.add_argument("--problems", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--run", required=True, type=int)
    parser.add_argument("--recording", help="engine recorded: the file to replay")
    parser.add_argument("--server", help="engine endpoint: the file that says where the server is")
    prepare(parser.parse_args().settings)
    stage.run(calibrate, parser)


if __name__ == "__main__":
    main()
