"""Reading big files piece by piece: lines, and the entries of one JSON array or object."""

import codecs
import contextlib
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isobudget.files.errors import StudyError

CHUNK = 1 << 20
# What the decoder says where the text merely ends too early; anything else is broken for good.
_MAY_GO_ON: tuple[str, ...] = ("Unterminated string", "Expecting value", "Expecting ',' delimiter")
_MAY_GO_ON += ("Expecting ':' delimiter", "Expecting property name", "Invalid \\")


def lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, text) of every line that is not blank; .gz is opened by its content.

    Raises:
        StudyError: a line is no UTF-8, or a compressed file ends too early.
    """
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError as error:
                raise StudyError(
                    f"{path}, line {number}: not UTF-8 ({error.reason}); save the file as UTF-8."
                ) from None
            if text:
                yield number, text


def loads(text: str, path: str | Path, place: str) -> Any:
    """One JSON value; StudyError names `path` and `place` where it is broken or a key stands there twice."""
    try:
        return _decoder(path, place).decode(text)
    except (ValueError, RecursionError) as error:
        raise _broken(path, place, error) from None


def entries(path: str | Path) -> Iterator[tuple[int | str, Any]]:
    """Yield (key, value) of the one array or object that a file holds; an array's keys count from 0.

    Only one entry is held at a time.

    Raises:
        StudyError: the file holds something else, is cut short, or an entry is broken or its key repeated.
    """
    with _opened(path) as file:
        text = _Text(file, path)
        opening = text.peek()
        if opening not in ("[", "{"):
            raise StudyError(f"{path}: a JSON array or object was expected, not {opening!r}; see config/README.md.")
        text.skip(1)
        keys: set[int | str] = set()
        while text.peek() != ("]" if opening == "[" else "}"):
            place = f"entry {len(keys)}"
            if keys:
                text.expect(",", place)
            key = len(keys)
            if opening == "{":
                key = text.value(place)
                place = f"entry {key!r}"
                if not isinstance(key, str):
                    raise StudyError(f"{path}, {place}: not JSON, a key was expected; repair the file.")
                if key in keys:
                    raise StudyError(f"{path}, {place}: the key {key!r} stands there twice; keep one of them.")
                text.expect(":", place)
            keys.add(key)
            yield key, text.value(place)
        text.skip(1)
        if text.peek():
            raise StudyError(f"{path}: there is more after the end of its JSON; repair the file.")


class _Text:
    """A window on a file's text that grows as far as one value needs."""

    def __init__(self, file, path):
        self.file, self.path = file, path
        # what is no UTF-8 is kept as surrogates, so that the entry it stands in can be named
        self.decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self.text, self.at, self.ended = "", 0, False

    def peek(self):
        """The next character that is no space, or nothing at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
                self.at += 1
            if self.at < len(self.text) or not self._more(CHUNK):
                return self.text[self.at : self.at + 1]

    def skip(self, count):
        self.at += count

    def expect(self, character, place):
        if self.peek() != character:
            found = repr(self.peek()) if self.peek() else "the end of the file"
            raise StudyError(
                f"{self.path}, {place}: not JSON, {character!r} was expected and not {found}; repair the file."
            )
        self.at += 1

    def value(self, place):
        self.peek()
        decoder = _decoder(self.path, place)
        while True:
            try:
                value, end = decoder.raw_decode(self.text, self.at)
                # a number at the very end may have more digits to come
                if end < len(self.text) or not self._more(CHUNK):
                    self.text[self.at : end].encode()
                    self.at = end
                    return value
            except UnicodeEncodeError:
                raise StudyError(f"{self.path}, {place}: not UTF-8; save the file as UTF-8.") from None
            except (ValueError, RecursionError) as error:
                if not (self._cut(error) and self._more(len(self.text) - self.at)):
                    raise _broken(self.path, place, error) from None

    def _cut(self, error):
        """Whether the text held may be no more than the beginning of something right."""
        reason = getattr(error, "msg", "")
        near = reason.startswith("Unterminated") or getattr(error, "pos", 0) > len(self.text) - 16
        return near and reason.startswith(_MAY_GO_ON)

    def _more(self, least):
        """Read on, at least as much as is held, so that a long value is not tried too often."""
        if self.ended:
            return False
        data = self.file.read(max(least, CHUNK))
        self.ended = not data
        self.text = self.text[self.at :] + self.decode(data, self.ended)
        self.at = 0
        return not self.ended


def _decoder(path, place):
    def unique(pairs):
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise StudyError(f"{path}, {place}: the key {twice!r} stands there twice; keep one of them.")
        return found

    return json.JSONDecoder(object_pairs_hook=unique, parse_int=_integer)


def _integer(digits):
    """An int, or the digits as they stand where they are more than Python reads."""
    try:
        return int(digits)
    except ValueError:
        return digits


def _broken(path, place, error):
    reason = getattr(error, "msg", str(error))
    return StudyError(f"{path}, {place}: not JSON ({reason}); repair or remove it.")


@contextlib.contextmanager
def _opened(path):
    """The file's bytes, unpacked where it begins as gzip does, whatever its name."""
    try:
        with open(path, "rb") as file:
            packed = file.peek(2)[:2] == b"\x1f\x8b"
            with gzip.open(file) if packed else file as content:
                yield content
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise StudyError(f"{path}: not a whole gzip file ({error}); fetch it again.") from None
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: str | Path, error: OSError) -> StudyError:
    """The StudyError for a file or folder that the system does not let be read."""
    return StudyError(f"{path}: cannot be read ({error.strerror or error}); correct models.*.path.")
