-- The rows of the files named in $paths, each beside the keys that its path stands for.
INSERT INTO problems
SELECT files.benchmark,
    rows.task_id, rows.prompt, rows.tests, rows.kind, rows.entry_point, rows.reference, rows.split
FROM read_parquet($paths, filename = true) AS rows
JOIN files ON files.path = rows.filename AND files.kind = 'problems';
