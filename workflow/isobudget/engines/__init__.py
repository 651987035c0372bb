"""What can run a model, one engine a file, all with the same functions (base.py)."""
