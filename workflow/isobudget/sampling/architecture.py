"""Keep a model's own config.json: from it the FLOPs of a generation are counted."""

import argparse
from pathlib import Path

from isobudget.files import stage
from isobudget.files.errors import StudyError
from isobudget.files.settings import ArchitectureSettings
from isobudget.files.tables import read_json, write_json


def keep_config(args: argparse.Namespace) -> None:
    """Copy config.json from recordings/, the weights' folder, a file, or the hub."""
    if args.recording:
        write_json(args.output, read_json(args.recording))
        return
    weights = args.settings["weights"]
    file = Path(weights) / "config.json"
    if Path(weights).is_dir():
        if not file.exists():
            raise StudyError(f"{weights}: there is no config.json in this folder; is it a model in transformers' form?")
    elif Path(weights).is_file():
        file = weights
    else:
        file = _from_hub(weights, args.settings["revision"])
    write_json(args.output, read_json(file))


def _from_hub(name, revision):
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise StudyError("huggingface_hub is not installed; `make vllm` installs what live models need.") from None
    try:
        return hf_hub_download(name, "config.json", revision=revision)
    except Exception as error:  # the hub's own errors, requests' and the cache's have no common base
        reason = str(error).splitlines()[0]
        raise StudyError(
            f"{name}: neither a folder here nor a model that the hub gives ({reason}); "
            "correct models.*.weights, or models.*.config of an import or an endpoint."
        ) from None


if __name__ == "__main__":
    parser = stage.arguments(__doc__, ArchitectureSettings)
    parser.add_argument("--recording", help="engine recorded: the file to replay")
    stage.run(keep_config, parser)
