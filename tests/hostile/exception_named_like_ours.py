# error failed
# an exception with the name of one of the checker's
class Gone(BaseException):
    pass


class Foreign(BaseException):
    pass


def add(a, b):
    raise Foreign("passed")
