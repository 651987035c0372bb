"""Where each file between stages lies below the results folder. The path is the cache key."""

from pathlib import Path

PROBLEMS = "problems/{benchmark}.parquet"
QUESTIONS = "questions/{benchmark}.parquet"
EXAMPLES = "examples/{benchmark}.parquet"
REFERENCES = "references/{benchmark}.json"
SAMPLES = "samples/{benchmark}/{model}/{decoding}/{block}.parquet"
IMPORTED = "imported/{benchmark}/{model}/{decoding}.parquet"
OUTCOMES = "outcomes/{benchmark}/{model}/{decoding}/{block}.parquet"
TESTS = "tests/{source}/{benchmark}.parquet"  # problems with the tests at hand in place of those that judge
AT_HAND = "at_hand/{source}/{benchmark}/{model}/{decoding}/{block}.parquet"
WRITTEN = "written/{benchmark}/{model}/{block}.parquet"  # tests that a model wrote, raw
ASSERTS = "asserts/{model}/{benchmark}.parquet"  # the same, read: rows of examples
BEHAVIOURS = "behaviours/{source}/{benchmark}/{model}/{decoding}/{block}.parquet"
VERDICTS = "verdicts.sqlite"  # kept by content, shared by all jobs; no stage's output
LEARNED = "scores/{ranker}/{benchmark}/{model}/{decoding}.parquet"  # of a ranker that learns: all blocks at once
SCORES = "scores/{ranker}/{benchmark}/{model}/{decoding}/{block}.parquet"
MODELS = "models/{model}.json"
SERVERS = "servers/{model}.json"
CALIBRATIONS = "calibrations/{model}/{run}.json"
COSTS = "costs/{model}.json"
PRICES = "prices.json"
ESTIMATES = "estimates/{benchmark}/{model}.parquet"
WEIGHTS = "weights/{model}"
DATABASE = "isobudget.duckdb"
REPORT = "report/index.html"


def below(folder: str | Path, template: str, **keys: object) -> str:
    """The path of one file: `below("results", SAMPLES, benchmark="humaneval", ...)`."""
    return f"{folder}/{template.format(**keys)}"
