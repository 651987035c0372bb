"""What is asked: the config, and the tables of what a study can name."""
