"""Files from the future, which a clock that was wrong leaves behind.

Snakemake fails a job whose output is older than its input, and deletes the output: a block of samples that took hours.
"""

import contextlib
import os
import time
from pathlib import Path

LEEWAY = 5  # seconds: clocks of a file server and of its users are never quite the same


def mend(*folders):
    """Give each file from the future the time that it is now; what is in them stays.

    Args:
        folders: paths, some of which may not exist.

    Returns:
        A sentence if there were any, else None.
    """
    now, latest, mended = time.time(), 0, 0
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in ("", *names):
                file = Path(place, name)
                with contextlib.suppress(OSError):
                    if (found := file.stat().st_mtime) > now + LEEWAY:
                        os.utime(file, (now, now))
                        mended, latest = mended + bool(name), max(latest, found)
    if not mended:
        return None
    until = time.strftime("%Y-%m-%d %H:%M", time.localtime(latest))
    return f"{mended:,} files were from the future, up to {until}: some clock was or is wrong. They are from now on."
