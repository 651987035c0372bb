"""From verdicts and scores to the metrics of one model on one benchmark, with intervals."""
