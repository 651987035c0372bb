"""Files from the future, which a clock that was wrong leaves behind.

Snakemake fails a job whose output is older than its input, and deletes the output: a block of samples that took hours.
"""

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

from isobudget.files.errors import StudyError

LEEWAY = 5  # seconds: clocks of a file server and of its users are never quite the same


def mend(*folders: str | Path, inputs: Iterable[str | Path] = ()) -> str | None:
    """Give each file from the future the time that it is now; what is in them stays.

    Args:
        folders: paths, some of which may not exist.
        inputs: the user's own files, and folders of which only their own time counts.

    Returns:
        A sentence if there were any, else None.

    Raises:
        StudyError: this user may not set the time of an input.
    """
    now, latest, mended = time.time(), 0.0, 0
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in ("", *names):
                file = Path(place, name)
                with contextlib.suppress(OSError):
                    if (found := file.stat().st_mtime) > now + LEEWAY:
                        os.utime(file, (now, now))
                        mended, latest = mended + bool(name), max(latest, found)
    for file in map(Path, inputs):
        if file.exists() and (found := file.stat().st_mtime) > now + LEEWAY:
            try:
                os.utime(file, (now, now))
            except OSError as error:
                raise StudyError(
                    f"{file}: is from the future, {_minute(found)}, so jobs that read it would fail, and this user may "
                    f"not set its time ({error.strerror}); `touch` it as its owner, or mend this machine's clock."
                ) from None
            mended, latest = mended + 1, max(latest, found)
    if not mended:
        return None
    until = _minute(latest)
    return f"{mended:,} files were from the future, up to {until}: some clock was or is wrong. They are from now on."


def _minute(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
