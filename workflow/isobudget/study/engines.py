"""What can give a model's samples: one row per engine, which says what it can do and what it takes.

Everybody who needs to know asks a row; nobody compares names. An engine is a row here and a file in sampling/ that has
`samples`; one that is asked for likelihoods has a file in engines/ too. docs/how-to/add-an-engine.md adds one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# Texts of a job from which on an engine that loads a model compiles it for a CPU. That takes a minute once and ten
# seconds a job afterwards; a 0.5B then reads more than twice as fast and writes a fifth faster.
COMPILE_FROM = 64

# keys of a model that every engine takes
COMMON = ("engine", "samples", "chat", "greedy")
SERVER = ("url", "served", "key_env", "concurrency", "timeout", "retries", "requests_per_minute", "tokens_per_minute")


@dataclass(frozen=True)
class Engine:
    """What one engine is.

    Attributes:
        sampling: the module that gives its samples, with the function `samples` (sampling/__init__.py says which others
            a capability below asks for).
        reading: the module that reads completions back to tell how likely they are, with `read_back`; None: it cannot,
            so there is no nll:MODEL of its models.
        takes: the keys of a model in the config that it takes beside COMMON.
        needs: {key: what to write there} of keys without which it can do nothing.
        refuses: {key: why, as a sentence} where "is for engine ..." would not say enough.
        loads: a job loads the model's weights: it wants cores, GPUs and the engine's own environment.
        asks: a job asks a server, whose address is noted for it and is no part of what samples depend on.
        replays: its samples, readings and calibrations lie in recordings/.
        collects: its samples are a user's file, which rule collect reads and checks first.
        own_decoding: how its samples were drawn is not for this study to say.
        writes_tests: its models can be asked for tests.
        keeps_logprobs: sampling keeps the likelihood of what it drew; None: the model's key `logprobs` says so.
        counts_tokens: every sample comes with its number of tokens; else `shortest` compares characters. None: an
            import's, all or none.
        calibrates: a calibration job times it; where the config gives seconds by hand there is none.
        lacks_config: its models may come without a config.json.
        templates: it puts the chat template around a user's turn itself.
        prices_tokens: what it reads and writes is counted, so that prices per token say what a generation costs.
    """

    name: str
    what: str
    sampling: str
    reading: str | None = None
    takes: tuple[str, ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)
    refuses: Mapping[str, str] = field(default_factory=dict)
    loads: bool = False
    asks: bool = False
    replays: bool = False
    collects: bool = False
    own_decoding: bool = False
    writes_tests: bool = False
    keeps_logprobs: bool | None = True
    counts_tokens: bool | None = True
    calibrates: bool = True
    lacks_config: bool = False
    templates: bool = False

    @property
    def draws(self) -> bool:
        """Whether its jobs draw samples that were nowhere before."""
        return not (self.replays or self.collects)

    @property
    def reads(self) -> bool:
        """Whether its models can tell how likely a text is: now, or by a recording of when they did."""
        return self.reading is not None or self.replays


_ROWS = (
    Engine(
        name="vllm",
        what="vLLM, in the job itself, on GPUs or a CPU",
        sampling="isobudget.sampling.from_vllm",
        reading="isobudget.engines.vllm",
        takes=("weights", "revision", "tensor_parallel", "dtype", "price"),
        needs={"weights": "a hub id, a local folder, or a set of packages"},
        loads=True,
        writes_tests=True,
    ),
    Engine(
        name="endpoint",
        what="a server that speaks OpenAI's protocol",
        sampling="isobudget.sampling.from_endpoint",
        reading="isobudget.engines.endpoint",
        takes=(*SERVER, "logprobs", "price", "config", "revision", "cost"),
        needs={"url": "the server's base URL, such as http://host:8000/v1", "served": "its name there"},
        refuses={
            key: f"engine endpoint loads no model here and takes no {key!r}; leave the key out"
            for key in ("weights", "tensor_parallel", "dtype")
        },
        asks=True,
        keeps_logprobs=None,
        counts_tokens=False,
        lacks_config=True,
        templates=True,
    ),
    Engine(
        name="recorded",
        what="samples of recordings/, replayed",
        sampling="isobudget.sampling.from_recording",
        takes=("revision", "tensor_parallel", "dtype", "price"),
        refuses={"weights": "engine recorded replays recordings/ and takes no 'weights'; leave the key out"},
        replays=True,
        writes_tests=True,
    ),
    Engine(
        name="import",
        what="samples that you have, in a file",
        sampling="isobudget.sampling.from_import",
        takes=("path", "format", "config", "revision", "cost"),
        needs={"path": "the file or folder that holds the samples; or 'greedy', a file of one greedy sample a problem"},
        refuses={
            "weights": "engine import loads no model and takes no 'weights'; 'config' gives it FLOPs",
            "price": "imported samples have no token counts, so 'price' says nothing; give 'cost: {usd: ...}'",
        },
        collects=True,
        own_decoding=True,
        keeps_logprobs=False,
        counts_tokens=None,
        calibrates=False,
        lacks_config=True,
    ),
)
ENGINES: Mapping[str, Engine] = {row.name: row for row in _ROWS}


def takers(key: str) -> list[str]:
    """The names of the engines that take a key of the config."""
    return [row.name for row in ENGINES.values() if key in (*COMMON, *row.takes)]
