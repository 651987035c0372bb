"""Drawing completions: one job loads a model once and fills one block."""
