# error memory
# files until none fits
for number in range(1000):
    with open(f"/tmp/{number}", "wb") as file:
        file.write(b"x" * (8 << 20))


def add(a, b):
    return a + b
