from isobudget.execution.blocks import execute
from isobudget.files import stage
from isobudget.files.settings import RunSettings


def main() -> None:
    parser = stage.arguments("Run the programs of one block of samples in the sandbox.", RunSettings)
    parser.add_argument("--problems", required=True, help="the problems, Parquet")
    parser.add_argument("--samples", required=True, help="the samples, Parquet")
    parser.add_argument("--references", required=True, help="what isobudget.execution.references wrote")
    parser.add_argument("--workers", type=int, default=1, help="programs at once")
    parser.add_argument("--verdicts", help="verdicts kept by content, SQLite; without it every program runs")
    stage.run(
        lambda args: execute(
            args.problems, args.samples, args.references, args.settings, args.workers, args.output, args.verdicts
        ),
        parser,
    )


if __name__ == "__main__":
    main()
