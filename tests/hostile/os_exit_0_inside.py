# error
# os._exit(0) in the function
import os


def add(a, b):
    os._exit(0)
