"""What tests of the endpoint engine share."""

import pytest

from isobudget.engines import http_client


@pytest.fixture
def short_pauses(monkeypatch):
    """A server that refuses is asked again at once."""
    monkeypatch.setattr(http_client, "FIRST_PAUSE", 0.01)
