# error
# not a program
def add(a, b:
    return
