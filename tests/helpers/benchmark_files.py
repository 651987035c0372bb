"""The files of MBPP and APPS, where this machine has them."""

import pytest

from helpers.checkout import DATA

FILES = {"mbpp": DATA / "mbpp/mbpp.jsonl", "mbpp-sanitized": DATA / "mbpp/sanitized-mbpp.json"}
FILES |= {f"apps-{level}": DATA / "apps/apps_mini_val.jsonl" for level in ("introductory", "interview", "competition")}
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"there is no {DATA}: MBPP and APPS are not in the repository"
)
