-- The rows of the files named in $paths, each beside the keys that its path stands for.
INSERT INTO samples
SELECT files.benchmark, files.model, files.decoding, files.block,
    rows.task_id, rows.sample, rows."text", rows.prompt_tokens, rows.completion_tokens, rows.logprob, rows.finish_reason
FROM read_parquet($paths, filename = true) AS rows
JOIN files ON files.path = rows.filename AND files.kind = 'samples';
