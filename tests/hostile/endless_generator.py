# timeout memory failed
# an answer without an end
def add(a, b):
    while True:
        yield 0
