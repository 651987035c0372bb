# timeout
# prints for ever
while True:
    print("x" * 100_000)
