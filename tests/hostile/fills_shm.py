# error memory
# files in shared memory until none fits
for number in range(1000):
    with open(f"/dev/shm/{number}", "wb") as file:
        file.write(b"x" * (1 << 20))


def add(a, b):
    return a + b
