# timeout
# never busy when one looks
import time

while True:
    time.sleep(0.001)
