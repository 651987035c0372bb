# timeout
# as many processes as it may have
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
