"""What a generation of every model costs, in one file: where n follows from budgets, this is what it waits for."""

import argparse

from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.tables import read_json, write_json
from isobudget.study.units import UNITS


def write_prices(args: argparse.Namespace) -> None:
    """{unit: {model: what a generation costs}}, null where that is not known, from the files of the cost stage."""
    prices: dict[str, dict[str, float | None]] = {}
    for path in args.costs:
        cost = read_json(path)
        try:
            for unit in UNITS:
                prices.setdefault(unit, {})[cost["model"]] = cost["generation"][unit]
        except (KeyError, TypeError) as error:
            raise StudyError(
                f"{path}: no costs file of isobudget ({error}); delete it and run again to make it anew."
            ) from None
    write_json(args.output, prices)


if __name__ == "__main__":
    parser = stage.arguments(__doc__)
    parser.add_argument("--costs", nargs="+", required=True, help="results/costs/{model}.json of every model")
    stage.run(write_prices, parser)
