# passed
# leaves files, folders that it may not read, and names of every kind
import os

os.makedirs("/tmp/a/b/c")
open("/tmp/a/b/file", "w").close()
open(b"/tmp/\xff\xfe\n", "w").close()
os.mkfifo("/tmp/pipe")
os.chmod("/tmp/a/b", 0)
os.chmod("/tmp/a", 0)
open("/dev/shm/left", "w").close()


def add(a, b):
    return a + b
