-- The rows of the files named in $paths, each beside the keys that its path stands for.
INSERT INTO at_hand
SELECT files.benchmark, files.model, files.decoding, files.block, files.source,
    rows.task_id, rows.sample, rows.program_sha256, rows.verdict, rows.detail, rows.cpu_seconds
FROM read_parquet($paths, filename = true) AS rows
JOIN files ON files.path = rows.filename AND files.kind = 'at_hand';
