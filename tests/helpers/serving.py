"""vLLM's own server on this machine, with a small model, behind a key."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from isobudget.engines import vllm

KEY = "sk-of-the-tests-and-nowhere-to-be-found"
VARIABLE = "ISOBUDGET_TEST_KEY"


@contextlib.contextmanager
def serving(weights, log, *arguments):
    """The URL of a server that has the model in a folder under the name `smollm2`; `log` is a file to write."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = vllm.environment(os.environ | {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_API_KEY": KEY})
    del environment["VLLM_ENABLE_V1_MULTIPROCESSING"]
    # what `vllm serve` starts; the command itself does not find its own version in the package for CPUs
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", weights, "--port", port]
    command += ["--served-model-name", "smollm2", "--host", "127.0.0.1", "--max-model-len", 1024, "--enforce-eager"]
    line = [str(part) for part in [*command, *arguments]]
    with log.open("w") as file:
        process = subprocess.Popen(line, stdout=file, stderr=file, env=environment, start_new_session=True)
    try:
        _wait(process, f"http://127.0.0.1:{port}/health", log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process, url, log):
    for _ in range(600):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(1)
    raise RuntimeError(f"vLLM's server did not start: {log.read_text()[-3000:]}")
