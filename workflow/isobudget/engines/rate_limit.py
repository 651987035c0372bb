"""When the next request may be sent to a server that allows so many requests and tokens a minute."""

import asyncio
import random
import time


class Pace:
    """Spreads requests evenly over the minute; without limits nothing waits, unless the server asks for it."""

    def __init__(self, requests_per_minute: int | None = None, tokens_per_minute: int | None = None):
        """Null or 0: no limit."""
        self._request = 60 / requests_per_minute if requests_per_minute else 0.0
        self._token = 60 / tokens_per_minute if tokens_per_minute else 0.0
        # on the monotonic clock: when the limits allow the next request, and until when the server wants peace
        self._request_free = self._token_free = self._held = 0.0
        self._spread = 0.0

    async def turn(self, tokens: int) -> None:
        """Wait for a turn, and take one that uses `tokens` at most."""
        start = max(time.monotonic(), self._request_free, self._token_free)
        self._request_free = start + self._request
        self._token_free = start + self._token * tokens
        while (wait := max(start, self._held) - time.monotonic()) > 0:
            await asyncio.sleep(wait)
            if self._held > start:
                await asyncio.sleep(random.uniform(0, self._spread))  # or all that were held would go at once

    def correct(self, tokens: int) -> None:
        """Tokens that a request used beyond those it took; negative where it used fewer."""
        self._token_free += self._token * tokens

    def hold(self, seconds: float) -> None:
        """Start nothing for that long."""
        self._held, self._spread = max(self._held, time.monotonic() + seconds), seconds / 10
