-- The labels in the files named in $paths, of those samples that the study took from them.
INSERT INTO labels
SELECT files.benchmark, files.model, files.decoding, rows.task_id, rows.sample, rows.passed
FROM read_parquet($paths, filename = true) AS rows
JOIN files ON files.path = rows.filename AND files.kind = 'imported'
SEMI JOIN outcomes ON (outcomes.benchmark, outcomes.model, outcomes.decoding, outcomes.task_id, outcomes.sample)
    = (files.benchmark, files.model, files.decoding, rows.task_id, rows.sample)
WHERE rows.passed IS NOT NULL;
