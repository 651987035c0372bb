# error
# hides its own exception
import os
import sys

sys.excepthook = lambda *about: os._exit(0)
raise RuntimeError("hidden")
