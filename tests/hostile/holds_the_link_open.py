# error timeout
# ends, and leaves a child that keeps its tests waiting
import os
import time

if os.fork() == 0:
    time.sleep(1000)
os._exit(0)
