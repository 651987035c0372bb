-- Every estimate but its replicates, which only the margins need.
CREATE TEMP TABLE estimates AS
SELECT files.benchmark, files.model, rows.metric, rows.ranker, rows.k, rows.value, rows.low, rows.high
FROM read_parquet($paths, filename = true) AS rows
JOIN files ON files.path = rows.filename AND files.kind = 'estimates';
