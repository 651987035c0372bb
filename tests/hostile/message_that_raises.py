# error
# an exception that cannot be shown
class Shy(Exception):
    def __str__(self):
        raise SystemExit(0)

    __repr__ = __str__


raise Shy
