# error
# SystemExit in the function
def add(a, b):
    raise SystemExit(0)
