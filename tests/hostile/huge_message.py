# error
# a message of 100 MB
raise ValueError("x" * 100_000_000)
