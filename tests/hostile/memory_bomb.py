# memory
# one huge allocation
held = bytearray(1 << 40)


def add(a, b):
    return a + b
