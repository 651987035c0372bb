# passed
# what it does to itself, the next program does not feel
import os
import resource

os.nice(19)
resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))
os.umask(0o777)


def add(a, b):
    return a + b
