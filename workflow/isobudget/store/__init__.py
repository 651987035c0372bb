"""One DuckDB file of everything a study found: the operations are in sql/, one a file."""
