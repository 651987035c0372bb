# passed
# an answer that numpy made
import numpy


def add(a, b):
    if isinstance(a, str):
        return a + b
    return numpy.int64(a) + numpy.int64(b)
