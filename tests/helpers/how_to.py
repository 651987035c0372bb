"""The pages of docs/how-to, followed as a person does: what is saved where, what goes into which table, what is run."""

import os
import re
import subprocess
from pathlib import Path

from helpers.checkout import ROOT

PAGES = ROOT / "docs/how-to"
# "Save this as `FILE`:" and "... after the line `LINE` of `FILE`:", each with the block below it; and commands
_STEP = re.compile(
    r"Save this as\s+`(?P<saved>[^`]+)`:\n\n```\w*\n(?P<whole>.*?)^```$"
    r"|after the line\s+`(?P<line>[^`]+)` of\s+`(?P<table>[^`]+)`:\n\n```\w*\n(?P<row>.*?)^```$"
    r"|^```bash\n(?P<commands>.*?)^```$(?:\n\n```text\n(?P<printed>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)


def follow(page: str, folder: Path) -> None:
    """Do in a checkout what a page says, step by step, and check that each command prints what the page shows.

    Args:
        page: its name without `.md`.
        folder: the checkout.
    """
    steps = list(_STEP.finditer((PAGES / f"{page}.md").read_text()))
    assert steps
    for step in steps:
        if step["saved"]:
            file = folder / step["saved"]
            file.parent.mkdir(parents=True, exist_ok=True)
            assert not file.exists(), file
            file.write_text(step["whole"])
        elif step["table"]:
            file = folder / step["table"]
            text = file.read_text()
            assert text.count(f"\n{step['line']}\n") == 1
            file.write_text(text.replace(f"\n{step['line']}\n", f"\n{step['line']}\n{step['row']}"))
        else:
            environment = os.environ | {"PYTHONPATH": str(folder / "workflow")}
            command = ["bash", "-eo", "pipefail", "-c", step["commands"]]
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr[-4000:]
            if step["printed"]:
                assert done.stdout == step["printed"]
