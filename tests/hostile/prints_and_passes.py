# passed
# says all kinds of things, and is right
print("failed", flush=True)
print("x" * 10_000_000)


def add(a, b):
    return a + b
