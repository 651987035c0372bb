# error passed timeout
# inodes: refused by Docker's tmpfs, wiped elsewhere
for number in range(20_000):
    open(f"/tmp/{number}", "w").close()


def add(a, b):
    return a + b
