"""What crosses between a program and its tests: plain data, as JSON, one frame a message.

The program runs in one process, its tests in another. A call goes over as the arguments and
comes back as a value or an exception, and as the arguments too where the program changed
them. Only plain data crosses, rebuilt on the other side from its parts: an object that
says it equals everything never reaches the comparison.

Runs inside the sandbox: standard library only.
"""

import builtins
import itertools
import json
import marshal
import os
import struct
import sys
import types

LARGEST = 32 << 20  # bytes of one message
MOST = 10_000  # items of an iterator that cross; it may have no end, and tests that take a few
_LENGTH = struct.Struct("<I")
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps makes one anew each time
_DECODE = json.JSONDecoder().decode
_LEAVES = (type(None), bool, float, str)


class Foreign(Exception):
    """A value that is no plain data, or a message that is none."""


def pack(value):
    """Plain data as JSON-serialisable parts; Foreign if it is none.

    Subclasses of plain types cross as the plain type that they extend, by that type's own
    methods, so that nothing they override has a say.
    """
    kind = type(value)
    if kind in _LEAVES:
        return value
    if kind is int:
        return value if value.bit_length() < 4096 else {"int": hex(value)}
    if kind is list:
        return [pack(item) for item in value]
    if kind is tuple:
        return {"tuple": [pack(item) for item in value]}
    if kind is dict:
        return {"dict": [[pack(key), pack(item)] for key, item in value.items()]}
    for base, tag in ((set, "set"), (frozenset, "frozenset")):
        if issubclass(kind, base):
            return {tag: [pack(item) for item in base.__iter__(value)]}
    if issubclass(kind, (bytes, bytearray)):
        return {"bytearray" if issubclass(kind, bytearray) else "bytes": bytes(value).decode("latin-1")}
    if issubclass(kind, complex):
        return {"complex": [complex.real.__get__(value), complex.imag.__get__(value)]}
    return _pack_kin(value, kind)


def _pack_kin(value, kind):
    if issubclass(kind, bool):
        return value
    if issubclass(kind, int):
        return pack(int.__pos__(value))
    if issubclass(kind, float):
        return float.__pos__(value)
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, list):
        return [pack(item) for item in list.__iter__(value)]
    if issubclass(kind, tuple):
        return {"tuple": [pack(item) for item in tuple.__iter__(value)]}
    if issubclass(kind, dict):
        return {"dict": [[pack(key), pack(item)] for key, item in dict.items(value)]}
    if kind in (type({}.keys()), type({}.items())):
        return {"set": [pack(item) for item in value]}
    if kind is range:
        return {"range": [value.start, value.stop, value.step]}
    if kind.__name__ in ("Fraction", "Decimal") and kind.__module__ in ("fractions", "decimal"):
        return {kind.__name__: str(value)}
    if any(base.__module__ == "numpy" and base.__name__ == "generic" for base in kind.__mro__):
        return pack(value.item())
    if hasattr(kind, "__next__"):
        items = [pack(item) for item in itertools.islice(value, MOST)]
        return {"iterator" if len(items) < MOST else "stream": items}
    raise Foreign(f"a value of type {kind.__name__} is no plain data")


def unpack(parts):
    """The plain data that `pack` took apart; Foreign for parts that it never makes."""
    kind = type(parts)
    if kind in _LEAVES or kind is int:
        return parts
    if kind is list:
        return [unpack(item) for item in parts]
    if len(parts) != 1:
        raise Foreign("a message of unknown parts")
    ((tag, inner),) = parts.items()
    try:
        return _UNPACK[tag](inner)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise Foreign(f"a message of unknown parts ({tag}: {type(error).__name__})") from None


def _stream(items):
    yield from items
    raise Foreign(f"an iterator of {MOST} items and more does not cross whole")


def _fraction(text):
    from fractions import Fraction

    return Fraction(text)


def _decimal(text):
    from decimal import Decimal

    return Decimal(text)


_UNPACK = {
    "int": lambda inner: int(inner, 16),
    "tuple": lambda inner: tuple(map(unpack, inner)),
    "dict": lambda inner: {unpack(key): unpack(item) for key, item in inner},
    "set": lambda inner: set(map(unpack, inner)),
    "frozenset": lambda inner: frozenset(map(unpack, inner)),
    "bytes": lambda inner: inner.encode("latin-1"),
    "bytearray": lambda inner: bytearray(inner.encode("latin-1")),
    "complex": lambda inner: complex(*inner),
    "range": lambda inner: range(*inner),
    "iterator": lambda inner: iter([unpack(item) for item in inner]),
    "stream": lambda inner: _stream([unpack(item) for item in inner]),
    "Fraction": _fraction,
    "Decimal": _decimal,
}


def send(link, message):
    """Write one message, a JSON object, to a file descriptor."""
    body = _ENCODE(message).encode()
    if len(body) > LARGEST:
        raise Foreign(f"a message of {len(body)} bytes is over the {LARGEST} that may cross")
    rest = memoryview(_LENGTH.pack(len(body)) + body)
    while rest:
        rest = rest[os.write(link, rest) :]


def receive(link):
    """Read one message; None at the end of the stream, Foreign for what is none."""
    head = _exactly(link, 4)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > LARGEST:
        raise Foreign(f"a message of {length} bytes is over the {LARGEST} that may cross")
    body = _exactly(link, length)
    if body is None:
        return None
    try:
        message = _DECODE(body.decode())
    except (ValueError, RecursionError) as error:
        raise Foreign(f"a message that is no JSON ({type(error).__name__})") from None
    if type(message) is not dict:
        raise Foreign("a message that is no object")
    return message


def _exactly(link, count):
    data = os.read(link, count)
    if len(data) == count:
        return data
    parts = [data]
    count -= len(data)
    while data and count:
        data = os.read(link, min(count, 1 << 20))
        parts.append(data)
        count -= len(data)
    return None if count else b"".join(parts)


def brief(text, length=300):
    """One printable line of a text from a program."""
    line = text[: 4 * length].encode("utf-8", "backslashreplace").decode("utf-8")
    line = "".join(char if char.isprintable() else " " for char in line)
    return " ".join(line.split())[:length]


def describe(error):
    """`Type: message` of an exception, whatever its own methods do."""
    try:
        message = str(error)
    except BaseException:
        message = ""
    return brief(f"{type(error).__name__}: {message}" if message else type(error).__name__)


class Raised(Exception):
    """The program raised where no test caught it; `memory` says that it ran out of memory."""

    def __init__(self, detail, memory=False):
        super().__init__(detail)
        self.detail = detail
        self.memory = memory


class Gone(Exception):
    """The program ended without answering."""


def candidate(link, name):
    """The program's function as its tests see it: each call is a message to the program.

    Exceptions of Python's own types are raised again as themselves, so that tests which
    expect one can catch it; `candidate.raised` keeps the last of them.
    """

    def call(*args, **named):
        send(link, {"args": pack(list(args)), "named": pack(named)})
        answer = receive(link)
        if answer is None:
            raise Gone
        if "error" in answer:
            call.raised = _exception(answer)
            raise call.raised
        if "foreign" in answer:
            raise Foreign(brief(str(answer["foreign"])))
        if "args" in answer:
            for mine, theirs in zip(args, unpack(answer["args"]), strict=False):
                _assign(mine, theirs)
        if "value" not in answer:
            raise Foreign("an answer without a value")
        return unpack(answer["value"])

    call.raised = None
    call.__name__ = name
    return call


def _exception(answer):
    kind = getattr(builtins, str(answer["error"]), None)
    detail = brief(str(answer.get("detail", "")))
    wanted = isinstance(kind, type) and issubclass(kind, Exception)
    try:
        error = kind(str(answer.get("message", ""))) if wanted else Raised(detail)
    except Exception:  # UnicodeDecodeError and the like take more than a message
        error = Raised(detail)
    error.crossed = detail
    error.memory = bool(answer.get("memory"))
    error.loading = bool(answer.get("loading"))  # the program raised before anyone called it
    return error


def _assign(mine, theirs):
    """Make the caller's argument what the program made of its copy."""
    if type(mine) is not type(theirs):
        return
    if isinstance(mine, (list, bytearray)):
        mine[:] = theirs
    elif isinstance(mine, (dict, set)):
        mine.clear()
        mine.update(theirs)


def answer_calls(link, function):
    """Answer calls with what `function` makes of them, for as long as they come."""
    while (request := receive(link)) is not None:
        args, named = unpack(request["args"]), unpack(request["named"])
        try:
            value = function(*args, **named)
        except BaseException as error:
            send(link, _complaint(error))
            continue
        try:
            answer = {"value": pack(value)}
            del value
            left = pack(args)
            if left != request["args"]:
                answer["args"] = left
            send(link, answer)
        except (Foreign, RecursionError) as error:
            send(link, {"foreign": describe(error)})
        except BaseException as error:  # an iterator that raises, or no memory for the answer
            send(link, _complaint(error))


def _complaint(error):
    detail = describe(error)
    return {
        "error": type(error).__name__,
        "detail": detail,
        "message": detail.partition(": ")[2],
        "memory": isinstance(error, MemoryError),
    }


def load_program(link, source, code, name):
    """Run a program as a module of its own and give the function called `name`.

    `code` is what its `source` compiles to, marshalled, or None if nobody compiled it yet. What
    goes wrong is sent as the answer to the first call, and None is given.
    """
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    try:
        code = marshal.loads(code) if code else compile(source, "<program>", "exec", dont_inherit=True)
    except BaseException as error:
        # a parser that runs out of stack says MemoryError; that is no lack of memory
        send(link, {**_complaint(error), "memory": False, "error": "Raised", "loading": True})
        return None
    try:
        exec(code, module.__dict__)
        return module.__dict__[name]
    except BaseException as error:
        if isinstance(error, KeyError) and name not in module.__dict__:
            error = NameError(f"the program defines no {name}")
        send(link, {**_complaint(error), "error": "Raised", "loading": True})
        return None
