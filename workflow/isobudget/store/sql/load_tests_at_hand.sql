-- The tests in the files named in $paths, which are problems with other tests than their own.
INSERT INTO tests_at_hand
SELECT files.benchmark, files.source, rows.task_id, rows.tests
FROM read_parquet($paths, filename = true) AS rows
JOIN files ON files.path = rows.filename AND files.kind = 'tests';
