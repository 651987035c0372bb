"""`make bench`: ours beside a peer's in one run; `make bench PART=execute` runs one part.

Prints the figures and puts them into results/bench.json, one flat object of numbers.
Ratios are ours over the peer's, above 1 is faster. Seconds and GiB are this machine's and
to be read loosely.
"""

import importlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent.parent / "workflow")]

PARTS = (
    "noop", "scale", "estimate", "extract", "execute", "apps", "agreement",
    "sampling", "scoring", "endpoint", "page",
)  # fmt: skip


def main(wanted):
    from isobudget.files.tables import write_json

    unknown = set(wanted) - set(PARTS)
    if unknown:
        sys.exit(f"there is no part {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}")
    file = HERE.parent.parent / "results" / "bench.json"
    figures = json.loads(file.read_text()) if file.exists() else {}
    for part in wanted or PARTS:
        print(f"== {part}", flush=True)
        figures |= importlib.import_module(part).main()
        write_json(file, figures)
    width = max(map(len, figures), default=0)  # none, where all parts were left out
    for name, value in sorted(figures.items()):
        print(f"{name:{width}}  {value:.3g}")


if __name__ == "__main__":
    main(sys.argv[1:])
