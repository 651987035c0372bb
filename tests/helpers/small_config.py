"""The smallest config that is right, and what is said of one that is wrong."""

import pytest

from isobudget.files.errors import StudyError
from isobudget.study.config import load

GOOD = {"models": {"small": {"engine": "vllm", "weights": "org/small", "samples": 6}}}


def wrong(**changes):
    with pytest.raises(StudyError) as caught:
        load(GOOD | changes, "study.yaml")
    return str(caught.value)


def model(**changes):
    return {"models": {"small": GOOD["models"]["small"] | changes}}
