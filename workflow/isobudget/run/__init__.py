"""What looks after a run: its plan, its lock, what its results were made with."""
