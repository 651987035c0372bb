"""What a person asks on the terminal: what to run for a budget, and whether this machine can run a study."""
