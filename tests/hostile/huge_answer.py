# failed error memory
# an answer of 40 MB
def add(a, b):
    return "x" * 40_000_000
