# error
# too deep for Python
def add(a, b):
    return add(a, b)
