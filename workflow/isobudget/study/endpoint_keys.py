"""The keys of a model with engine: endpoint: which server has it, under which name, and how hard it may be asked."""

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator

_Count = Annotated[int, Field(gt=0, strict=True)]
_Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]

REACH = ("url", "key_env", "concurrency", "timeout", "retries", "requests_per_minute", "tokens_per_minute", "logprobs")


class Served(BaseModel):
    """A model behind an OpenAI-compatible server."""

    url: str | None = Field(None, description="engine endpoint: the server's base URL, such as http://host:8000/v1")
    served: str | None = Field(None, description="engine endpoint: the model's name at the server")
    key_env: str | None = Field(None, description="engine endpoint: the environment variable that holds the key")
    concurrency: _Count = Field(64, description="engine endpoint: requests in flight")
    timeout: _Seconds = Field(600, description="engine endpoint: seconds that a request may take")
    retries: Annotated[int, Field(ge=0, strict=True)] = Field(
        8, description="engine endpoint: how often a request is repeated that failed or was refused for now"
    )
    requests_per_minute: _Count | None = Field(None, description="engine endpoint: a rate limit of the server")
    tokens_per_minute: _Count | None = Field(None, description="engine endpoint: another, prompt and completion tokens")
    logprobs: bool = Field(
        True, description="engine endpoint: false: the server is asked for no log-probabilities; nll:self leaves it out"
    )

    def reach(self) -> dict[str, Any]:
        """What a job must know to ask the server, a dict; none of it says anything of the samples that come back."""
        return {key: getattr(self, key) for key in REACH}

    # What is wrong with these two is told without repeating them: a key may have been put there.

    @field_validator("url")
    @classmethod
    def _plain_url(cls, value):
        if value is None:
            return value
        try:
            address = urlsplit(value)
            plain = address.scheme in ("http", "https") and address.hostname and (address.port or True)
        except ValueError:
            plain = False
        if not plain:
            raise ValueError("this is no address of a server; write one such as http://host:8000/v1")
        if "@" in address.netloc or address.query or address.fragment:
            raise ValueError(
                "leave user, password and whatever stands behind '?' or '#' out; a key goes into the environment "
                "variable that key_env names"
            )
        return value.rstrip("/")

    @field_validator("key_env")
    @classmethod
    def _name_of_a_variable(cls, value):
        if value is not None and not re.fullmatch("[A-Z_][A-Z0-9_]*", value):
            raise ValueError(
                "the name of an environment variable is needed, in capitals, such as OPENAI_API_KEY; the key itself "
                "goes into no file"
            )
        return value
