-- The rows of the files named in $paths, each beside the keys that its path stands for. `combined` has one file, no block.
INSERT INTO scores
SELECT files.benchmark, files.model, files.decoding, files.block, files.ranker,
    rows.task_id, rows.sample, rows.score, rows.kept
FROM read_parquet($paths, filename = true) AS rows
JOIN files ON files.path = rows.filename AND files.kind = 'scores';
