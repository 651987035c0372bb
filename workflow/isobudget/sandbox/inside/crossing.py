"""What crosses between a program and its tests: plain data, as JSON, one frame a message.

The program runs in one process, its tests in another. A call goes over as the arguments and
comes back as a value or an exception, and as the arguments too where the program changed
them. Only data of Python's own types and numpy's crosses, rebuilt on the other side from its parts, as the type
that it was: what equals it there is what equals it where program and tests share a process, and an object
that says it equals everything never reaches the comparison. docs/threat-model.md has the table of types.

Runs inside the sandbox: standard library only.
"""

import builtins
import collections
import itertools
import json
import marshal
import os
import re
import struct
import sys
import types
from contextlib import suppress

LARGEST = 32 << 20  # bytes of one message
MOST = 10_000  # items of an iterator that cross; it may have no end, and tests that take a few
_LENGTH = struct.Struct("<I")
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps makes one anew each time
_DECODE = json.JSONDecoder().decode
_LEAVES = (type(None), bool, float, str)


class Foreign(Exception):
    """A value that is no plain data, or a message that is none."""


def pack(value: object) -> object:
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
    if "numpy" in sys.modules and (found := _pack_numpy(value, kind)) is not None:
        return found
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
        return _pack_dict(value, kind)
    if issubclass(kind, collections.deque):
        items = [pack(item) for item in collections.deque.__iter__(value)]
        return {"deque": [items, collections.deque.maxlen.__get__(value)]}
    if kind in _VIEWS:
        return {_VIEWS[kind]: [pack(item) for item in value]}
    if kind is range:
        return {"range": [value.start, value.stop, value.step]}
    if kind is memoryview and value.format == "B":
        return {"memoryview": value.tobytes().decode("latin-1")}
    if kind is types.MappingProxyType:
        return {"mappingproxy": pack(dict(value))}
    if value is Ellipsis or value is NotImplemented or kind is type and getattr(builtins, value.__name__, 0) is value:
        return {"builtin": value.__name__ if kind is type else repr(value)}
    for base in _USERS:
        if issubclass(kind, base):
            return {base.__name__: pack(value.data)}
    if issubclass(kind, collections.ChainMap):
        return {"ChainMap": [pack(one) for one in value.maps]}
    if kind.__module__ in _LATER:
        return _pack_later(value, kind)
    if hasattr(kind, "__next__"):
        items = [pack(item) for item in itertools.islice(value, MOST)]
        return {"iterator" if len(items) < MOST else "stream": items}
    raise Foreign(f"a value of type {kind.__name__} is no plain data")


_USERS = (collections.UserDict, collections.UserList, collections.UserString)
_VIEWS = {
    type(view): name
    for made in ({}, collections.OrderedDict())
    for name, view in (("keys", made.keys()), ("values", made.values()), ("items", made.items()))
}
_FACTORIES = (bool, int, float, str, list, tuple, set, dict)
_LATER = ("fractions", "decimal", "array", "datetime")  # modules of types that cross, loaded by who has one


def _pack_dict(value, kind):
    if issubclass(kind, collections.OrderedDict):
        return {"OrderedDict": [[pack(key), pack(item)] for key, item in collections.OrderedDict.items(value)]}
    items = [[pack(key), pack(item)] for key, item in dict.items(value)]
    if issubclass(kind, collections.Counter):
        return {"Counter": items}
    if issubclass(kind, collections.defaultdict):
        factory = collections.defaultdict.default_factory.__get__(value)
        return {"defaultdict": [factory.__name__ if factory in _FACTORIES else None, items]}
    return {"dict": items}


def _pack_later(value, kind):
    name = kind.__name__
    if name in ("Fraction", "Decimal"):
        return {name: str(value)}
    if name == "array":
        return {"array": [value.typecode, pack(value.tolist())]}
    if name == "timedelta":
        return {name: [value.days, value.seconds, value.microseconds]}
    if name == "date":
        return {name: [value.year, value.month, value.day]}
    if name in ("time", "datetime"):
        day = [value.year, value.month, value.day] if name == "datetime" else []
        offset = value.utcoffset()
        parts = [*day, value.hour, value.minute, value.second, value.microsecond]
        return {name: [parts, value.fold, None if offset is None else pack(offset)]}
    raise Foreign(f"a value of type {name} is no plain data")


def _pack_numpy(value, kind):
    """An array or a number of numpy's; None for anything else."""
    for base in kind.__mro__:
        if base.__module__ != "numpy" or base.__name__ not in ("generic", "ndarray"):
            continue
        code = value.dtype.str
        if base.__name__ == "ndarray" and (_DTYPE.fullmatch(code) or code == "|O"):
            return {
                "ndarray": [code, list(base.shape.__get__(value)), [pack(one) for one in base.flatten(value).tolist()]]
            }
        if base.__name__ == "generic" and _DTYPE.fullmatch(code):
            return {"numpy": [code, pack(base.item(value))]}
        raise Foreign(f"a value of numpy's type {code} is no plain data")
    return None


_DTYPE = re.compile(r"[<>|=](b1|i[1248]|u[1248]|f[248]|c8|c16|[SU]\d{1,6})")


def unpack(parts: object) -> object:
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
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, ImportError) as error:
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


def _array(typecode, items):
    from array import array

    return array(typecode, unpack(items))


def _ndarray(code, shape, items):
    numpy, dtype = _numpy(code)
    if code != "|O":
        return numpy.array([unpack(item) for item in items], dtype).reshape(shape)
    made = numpy.empty(len(items), dtype)
    for place, item in enumerate(items):
        made[place] = unpack(item)
    return made.reshape(shape)


def _number(code, value):
    _, dtype = _numpy(code)
    return dtype.type(unpack(value))


def _numpy(code):
    if not _DTYPE.fullmatch(code) and code != "|O":
        raise ValueError
    import numpy

    return numpy, numpy.dtype(code)


def _date(*parts):
    from datetime import date

    return date(*parts)


def _timedelta(*parts):
    from datetime import timedelta

    return timedelta(*parts)


def _moment(name, parts, fold, offset):
    import datetime

    zone = None if offset is None else datetime.timezone(unpack(offset))
    return getattr(datetime, name)(*parts, tzinfo=zone, fold=fold)


def _builtin(name):
    value = getattr(builtins, name)
    if value is Ellipsis or value is NotImplemented or isinstance(value, type):
        return value
    raise ValueError


def _defaultdict(factory, items):
    known = {None: None, **{one.__name__: one for one in _FACTORIES}}
    return collections.defaultdict(known[factory], _items(items))


def _items(pairs):
    return {unpack(key): unpack(item) for key, item in pairs}


_UNPACK = {
    "int": lambda inner: int(inner, 16),
    "tuple": lambda inner: tuple(map(unpack, inner)),
    "dict": _items,
    "OrderedDict": lambda inner: collections.OrderedDict(_items(inner)),
    "Counter": lambda inner: collections.Counter(_items(inner)),
    "defaultdict": lambda inner: _defaultdict(*inner),
    "mappingproxy": lambda inner: types.MappingProxyType(dict(unpack(inner))),
    "ChainMap": lambda inner: collections.ChainMap(*[dict(unpack(one)) for one in inner]),
    "UserDict": lambda inner: collections.UserDict(dict(unpack(inner))),
    "UserList": lambda inner: collections.UserList(list(unpack(inner))),
    "UserString": lambda inner: collections.UserString(unpack(inner)),
    "keys": lambda inner: dict.fromkeys(map(unpack, inner)).keys(),
    "values": lambda inner: dict(enumerate(map(unpack, inner))).values(),
    "items": lambda inner: dict(map(unpack, inner)).items(),
    "deque": lambda inner: collections.deque(map(unpack, inner[0]), inner[1]),
    "array": lambda inner: _array(*inner),
    "ndarray": lambda inner: _ndarray(*inner),
    "numpy": lambda inner: _number(*inner),
    "date": lambda inner: _date(*inner),
    "timedelta": lambda inner: _timedelta(*inner),
    "time": lambda inner: _moment("time", *inner),
    "datetime": lambda inner: _moment("datetime", *inner),
    "builtin": _builtin,
    "memoryview": lambda inner: memoryview(inner.encode("latin-1")),
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


def send(link: int, message: dict) -> None:
    """Write one message, a JSON object, to a file descriptor."""
    body = _ENCODE(message).encode()
    if len(body) > LARGEST:
        raise Foreign(f"a message of {len(body)} bytes is over the {LARGEST} that may cross")
    rest = memoryview(_LENGTH.pack(len(body)) + body)
    while rest:
        rest = rest[os.write(link, rest) :]


def receive(link: int) -> dict | None:
    """Read one message; None at the end of the stream, Foreign for what is none."""
    head = exactly(link, 4)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > LARGEST:
        raise Foreign(f"a message of {length} bytes is over the {LARGEST} that may cross")
    body = exactly(link, length)
    if body is None:
        return None
    try:
        message = _DECODE(body.decode())
    except (ValueError, RecursionError) as error:
        raise Foreign(f"a message that is no JSON ({type(error).__name__})") from None
    if type(message) is not dict:
        raise Foreign("a message that is no object")
    return message


def exactly(link: int, count: int) -> bytes | None:
    """`count` bytes, None if the stream ends before."""
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


def brief(text: str, length: int = 300) -> str:
    """One printable line of a text from a program."""
    line = text[: 4 * length].encode("utf-8", "backslashreplace").decode("utf-8")
    line = "".join(char if char.isprintable() else " " for char in line)
    return " ".join(line.split())[:length]


def describe(error: BaseException) -> str:
    """`Type: message` of an exception, whatever its own methods do."""
    try:
        message = str(error)
    except BaseException:
        message = ""
    return brief(f"{type(error).__name__}: {message}" if message else type(error).__name__)


class Raised(Exception):
    """The program raised where no test caught it; `memory` says that it ran out of memory."""

    def __init__(self, detail: str, memory: bool = False):
        super().__init__(detail)
        self.detail = detail
        self.memory = memory


class Gone(Exception):
    """The program ended without answering."""


def candidate(link: int, name: str) -> "collections.abc.Callable":
    """The program's function as its tests see it: each call is a message to the program.

    Exceptions of Python's own types are raised again as themselves, so that tests which
    expect one can catch it; `candidate.raised` keeps the last of them.
    """

    def call(*args, **named):
        send(link, {"args": pack(list(args)), "named": pack(named)})
        answer = receive(link)
        if answer is None:
            raise Gone
        if "kinds" in answer:
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
    """What the program raised, as the first of its kinds that is Python's own: its tests may expect one."""
    detail = brief(str(answer.get("detail", "")))
    error = None
    for module, name in answer.get("kinds", ()):
        with suppress(Exception):  # not every kind takes what its heirs take
            kind = vars(sys.modules[module])[name] if module in sys.stdlib_module_names else None
            if isinstance(kind, type) and issubclass(kind, Exception):
                error = _made(kind, answer)
                error.crossed = detail
                break
    if error is None:
        error = Raised(detail)
        error.crossed = detail
    error.memory = bool(answer.get("memory"))
    error.loading = bool(answer.get("loading"))  # the program raised before anyone called it
    return error


def _made(kind, answer):
    with suppress(Exception):
        return kind(*unpack(answer["arguments"]))
    return kind(str(answer.get("message", "")))


def _assign(mine, theirs):
    """Make the caller's argument what the program made of its copy."""
    if type(mine) is not type(theirs):
        return
    if isinstance(mine, (list, bytearray)) or type(mine).__module__ in ("array", "numpy") and hasattr(mine, "__len__"):
        with suppress(ValueError, IndexError):  # an array of another shape is another array
            mine[:] = theirs
    elif isinstance(mine, collections.deque):
        mine.clear()
        mine.extend(theirs)
    elif isinstance(mine, (dict, set)):
        mine.clear()
        mine.update(theirs)


def answer_calls(link: int, function: "collections.abc.Callable") -> None:
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
    found = {
        "kinds": [(base.__module__, base.__qualname__) for base in type(error).__mro__[:-2]],
        "detail": detail,
        "message": detail.partition(": ")[2],
        "memory": isinstance(error, MemoryError),
    }
    with suppress(BaseException):
        found["arguments"] = [_argument(one) for one in error.args[:8]]
    return found


def _argument(value):
    """An argument of an exception, packed: a text that is not too long, a number or nothing; Foreign for others."""
    kind = type(value)
    if (
        kind in (bool, type(None), float)
        or kind is int
        and value.bit_length() < 4096
        or kind is str
        and len(value) < 4096
    ):
        return value
    raise Foreign


def load_program(link: int, source: str | None, code: bytes | None, name: str) -> "collections.abc.Callable | None":
    """Run a program as a module of its own and give the function called `name`.

    `code` is what its `source` compiles to, marshalled, or None if nobody compiled it yet. What
    goes wrong is sent as the answer to the first call, and None is given.
    """
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    try:
        code = (
            marshal.loads(code)  # type: ignore[assignment]  # no longer as bytes
            if code
            else compile(source, "<program>", "exec", dont_inherit=True)
        )
    except BaseException as error:
        # a parser that runs out of stack says MemoryError; that is no lack of memory
        send(link, {**_complaint(error), "memory": False, "kinds": [], "loading": True})
        return None
    try:
        exec(code, module.__dict__)
        return module.__dict__[name]
    except BaseException as error:
        if isinstance(error, KeyError) and name not in module.__dict__:
            error = NameError(f"the program defines no {name}")
        send(link, {**_complaint(error), "kinds": [], "loading": True})
        return None
