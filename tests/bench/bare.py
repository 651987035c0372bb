"""Programs that use vLLM as a careful user of it would, without isobudget, in a process of their own."""

import json
import os
import subprocess
import sys

from isobudget.engines import vllm


def figures(program, given):
    """What a program prints behind the word FIGURES, as JSON.

    It runs on as many threads and with the same libraries preloaded as our own jobs.

    Args:
        program: Python; it reads `given` as JSON from standard input.
        given: what JSON can hold.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    environment = vllm.environment(os.environ)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, env=environment)
    lines = [line for line in done.stdout.splitlines() if line.startswith("FIGURES")]
    if not lines:
        raise RuntimeError(f"bare vLLM failed: {done.stderr[-2000:]}")
    return json.loads(lines[0].removeprefix("FIGURES"))


def longest(weights, prompts, new):
    """Tokens of the longest prompt, and `new` more."""
    named = [(str(number), prompt) for number, prompt in enumerate(prompts)]
    return max(vllm.count_tokens({"weights": weights, "revision": None}, named, new)) + new
