"""A stage run by its command, as a rule runs it."""

import subprocess
import sys


def run(module, *arguments, **keywords):
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)], capture_output=True, text=True, **keywords
    )
