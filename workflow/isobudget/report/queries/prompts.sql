-- The prompts of some problems.
SELECT task_id, prompt
FROM problems
WHERE benchmark = $benchmark AND list_contains($tasks, task_id)
