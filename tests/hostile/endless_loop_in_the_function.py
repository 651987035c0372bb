# timeout
# never ends, and catches whatever it can
def add(a, b):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
