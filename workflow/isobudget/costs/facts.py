"""What is known of a model, and the price that each unit's own file makes of it."""

from typing import Any, NamedTuple

_UNKNOWN: Any = None


class Tokens(NamedTuple):
    """Tokens that one completion read and wrote, on average."""

    prompt: float
    completion: float


class Written(NamedTuple):
    """The tests that a model wrote for rankers: how many completions a problem, and the tokens of one."""

    completions: float
    tokens: Tokens


class Facts(NamedTuple):
    """What a price can be made of, each None where it is not known.

    A unit's row in study/units.py says which of these its function needs; it is called where all of those are known, so
    the types are those of what is known.

    Args:
        config: the dict of the model's config.json.
        source: what error messages call that file.
        calibrations: the dicts of its calibration runs, as `read_calibration` returns them.
        price: {"prompt", "completion"} in US dollars a million tokens.
        tokens: of one generation, on average over the calibration runs.
        written: the tests that it wrote; None too where no ranker uses any.
    """

    config: dict[str, Any] = _UNKNOWN
    source: str = "config.json"
    calibrations: tuple[dict[str, Any], ...] = _UNKNOWN
    price: dict[str, float] = _UNKNOWN
    tokens: Tokens = _UNKNOWN
    written: Written | None = None


# Why a price is not known, by the fact that is not there.
NOT_KNOWN = {
    "config": "Not known: the study has no config.json of this model.",
    "calibrations": "Not known: no calibration run of this model.",
    "price": "Not known: the config gives this model no price.",
    "tokens": "Not known: no calibration run counted this model's tokens.",
}


class Beside(NamedTuple):
    """A number that costs files hold beside a price, under a key of its own."""

    key: str
    generation: float | None
    scoring: float | None
    how: str | None = None


class Price(NamedTuple):
    """What a model costs in one unit, None where that is not known.

    Args:
        how: a sentence or two on where these come from.
        generation: one generation.
        scoring: reading one generation of another model, to rank it.
        written: the tests that it writes, a problem: once, however many candidates they choose among.
        beside: what else there is to tell.
    """

    how: str
    generation: float | None = None
    scoring: float | None = None
    written: float | None = None
    beside: tuple[Beside, ...] = ()
