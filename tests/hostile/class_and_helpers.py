# passed
# a class and helpers of its own, and an answer that is a subclass of a plain type
from collections import Counter, namedtuple
from dataclasses import dataclass


class Text(str):
    pass


@dataclass
class Pair:
    a: object
    b: object

    def total(self):
        return self.a + self.b


def add(a, b):
    total = Pair(a, b).total()
    return Text(total) if isinstance(total, str) else total
