# passed
# prints and holds lone surrogates
print("\ud800\udfff")
held = "\ud800"


def add(a, b):
    return a + b
