"""Which completion to hand over when there are no tests: scores, lower is better."""
