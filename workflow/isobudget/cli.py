"""The `isobudget` command: `isobudget answer`, `isobudget doctor`; also `python -m isobudget`."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from isobudget.files.errors import StudyError
from isobudget.study.rankers import either
from isobudget.study.units import UNITS


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0, or 1 with one sentence on stderr."""
    args = _parser().parse_args(arguments)
    try:
        code = args.run(args)
    except StudyError as error:
        sys.exit(f"isobudget: {error}")
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        sys.stderr.close()
        code = 0
    sys.exit(code)


def _answer(args):
    from isobudget.console.answer import answer

    print(answer(args.db, args.budget, args.unit, args.tests, args.absolute), end="", flush=True)
    return 0


def _doctor(args):
    from isobudget.console.doctor import doctor, report

    text, healthy = report(doctor(args.results))
    print(text, flush=True)
    return 0 if healthy else 1


def _parser():
    parser = argparse.ArgumentParser(
        prog="isobudget", description="A large code model once, or a small one many times?"
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    answer = commands.add_parser("answer", help="what to run for a budget, and how sure that is")
    answer.add_argument(
        "--budget", type=float, required=True, help="in generations of the study's cheapest model; see --absolute"
    )
    answer.add_argument("--unit", choices=tuple(UNITS), required=True, help="what the budget counts")
    units = either(unit.label for unit in UNITS.values())
    answer.add_argument("--absolute", action="store_true", help=f"the budget is in {units} a problem")
    answer.add_argument(
        "--no-tests", dest="tests", action="store_false", help="no tests choose among samples: a ranker, or greedy"
    )
    answer.add_argument("--db", default="results/isobudget.duckdb", help="the study's database (default: %(default)s)")
    answer.set_defaults(run=_answer)
    doctor = commands.add_parser("doctor", help="what this machine has for a study, and what it lacks")
    doctor.add_argument("--results", default="results", help="where a study would write (default: %(default)s)")
    doctor.set_defaults(run=_doctor)
    return parser
