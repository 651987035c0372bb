"""What a program makes of inputs: the value that it returned or the exception that it raised, as one line of text.

Nobody says here what is right: two programs agree on an input where their lines are equal. The checker calls
the program as tests would (crossing.py), so that only plain data counts and no object has a say in its own comparison.

Runs inside the sandbox: standard library only.
"""

import binascii
import builtins
import collections
import json
import math
import os
import types

from isobudget.sandbox.inside import crossing, stdio

RETURNED, RAISED, FOREIGN = "returned", "raised", "foreign"  # how a call ended; or a name of verdicts.py
LONGEST = 1000  # characters of a line; of a longer one the beginning and a sum
DIGITS = 9  # significant, of a float: sums in another order are the same answer
_AS_DICT = (types.MappingProxyType, collections.ChainMap, collections.UserDict)
SAFE = "abs all any bool bytes dict enumerate float frozenset int len list max min range reversed round set sorted str"
SAFE = {  # type: ignore[assignment]  # the names, then what they name
    name: getattr(builtins, name) for name in f"{SAFE} sum tuple zip".split()
}


def observe(job: dict, link: int, answers: int) -> tuple[str, str]:
    """Call a program for each case from the job's `first` on, and write a line of JSON for each to `answers`.

    Args:
        job: entry_point; cases, a list of [expression, [expressions of what it may equal]]; first, a number.
        link: file descriptor of the link to the program.
        answers: file descriptor of a file in memory.

    A line is [how it ended, value or exception, [whether it equals each]]. Returns ("observed", ""), or ("gone", "")
    where the program ended before the last case.
    """
    call = crossing.candidate(link, job["entry_point"])
    cases = job["cases"]
    number = job["first"]
    while number < len(cases):
        expression, wanted = cases[number]
        try:
            answer = _answer(expression, wanted, call, job["entry_point"])
        except (crossing.Gone, BrokenPipeError, ConnectionResetError):
            return "gone", ""
        loading = getattr(call.raised, "loading", False)
        # a program that does not load answers once
        for _, others in cases[number:] if loading else cases[number : number + 1]:
            _write(answers, [*answer[:2], [False] * len(others)] if loading else answer)
            number += 1
    return "observed", ""


def _answer(expression, wanted, call, name):
    try:
        value = eval(expression, {"__builtins__": SAFE, name: call})
        line = canonical(value)
    except (crossing.Gone, BrokenPipeError, ConnectionResetError):
        raise
    except crossing.Foreign as error:
        return [FOREIGN, crossing.brief(str(error)), [False] * len(wanted)]
    except BaseException as error:
        if isinstance(error, MemoryError) or getattr(error, "memory", False):
            return ["memory", "", [False] * len(wanted)]
        detail = getattr(error, "crossed", None) or type(error).__name__
        return [RAISED, detail.partition(":")[0], [False] * len(wanted)]
    return [RETURNED, shortened(line), [_equals(value, one) for one in wanted]]


def _equals(value, expression):
    try:
        return bool(value == eval(expression, {"__builtins__": SAFE}))
    except Exception:
        return False


def _write(fd, answer):
    rest = memoryview(json.dumps(answer).encode() + b"\n")
    while rest:
        rest = rest[os.write(fd, rest) :]


def canonical(value: object) -> str:
    """What crossed as text, the same for what Python calls equal: 1, 1.0 and True; sets and dicts in any order.

    Floats are equal to DIGITS significant digits; on either side of such a step two that are close differ.
    """
    kind = type(value)
    if kind in (bool, int, float):
        return _number(value)
    if kind is str:
        return repr(value)
    if kind is list:
        return f"[{', '.join(map(canonical, value))}]"
    if kind is tuple:
        return f"({', '.join(map(canonical, value))},)"
    if kind in (set, frozenset, type({}.keys()), type({}.items())):
        return f"{{{', '.join(sorted(map(canonical, value)))}}}"
    if kind in _AS_DICT:
        value = dict(value)
    if isinstance(value, dict):
        items = sorted((canonical(key), canonical(item)) for key, item in value.items())
        return f"dict({', '.join(f'{key}: {item}' for key, item in items)})"
    if kind in (bytes, bytearray):
        return repr(bytes(value))
    if kind is complex:
        return f"complex({_number(value.real)}, {_number(value.imag)})"
    if kind.__module__ == "numpy":
        if kind.__name__ != "ndarray":
            return canonical(value.item())
        return f"ndarray({list(value.shape)}, [{', '.join(map(canonical, value.ravel().tolist()))}])"
    if kind in (collections.UserList, collections.UserString):
        return canonical(value.data)
    if kind is memoryview:
        return repr(bytes(value))
    if kind in (collections.deque, type({}.values())) or kind.__name__ == "array":
        return f"{kind.__name__}({', '.join(map(canonical, value))})"
    if hasattr(kind, "__next__"):
        return f"iterator({', '.join(map(canonical, value))})"
    return f"{kind.__name__}({value})"  # a range, a Fraction, a Decimal, a date


def _number(value):
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value == (whole := int(value)):
        return str(whole) if abs(whole) < 10**300 else hex(whole)
    return f"{value:.{DIGITS}g}"


def shortened(text: str) -> str:
    """A text of at most some LONGEST characters, another one for another text."""
    body = text.encode("utf-8", "backslashreplace")
    if len(body) <= LONGEST:
        return body.decode()
    sums = f"{len(body)} bytes {binascii.crc32(body):08x}{binascii.crc32(body[::-1]):08x}"
    return f"{body[:LONGEST].decode('utf-8', 'ignore')}... {sums}"


def printed(fd: int) -> str:
    """What a script printed into a file in memory, as one text: the words of its lines, empty ones left out."""
    size = os.fstat(fd).st_size
    if size > stdio.ROOM:
        return f"{size} bytes {binascii.crc32(os.pread(fd, size, 0)):08x}"
    lines = (" ".join(line.split()) for line in stdio.contents(fd).splitlines())
    return shortened("\n".join(line for line in lines if line))
