# failed
# an answer that its tests need much memory to look at
def add(a, b):
    return ["x" * 100 + str(number) for number in range(200_000)]
