"""The problems of a benchmark, as rows."""
