"""What tests of imported samples share: three problems, and a model whose samples lie in a file."""

import json

PROBLEMS = [
    {
        "task_id": f"HumanEval/{number}",
        "prompt": f'def {name}(x):\n    """{name} of x.\n    >>> {name}(3)\n    {answer}\n    """\n',
        "tests": f"def check(candidate):\n    assert candidate(3) == {answer}\n",
        "kind": "call",
        "entry_point": name,
        "reference": "    return 0\n",
        "split": "test",
    }
    for number, (name, answer) in enumerate([("double", 6), ("square", 9), ("half", 1.5)])
]
IDS = [problem["task_id"] for problem in PROBLEMS]


def json_lines(path, entries):
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))


def model(**changes):
    return {"theirs": {"engine": "import", "path": "s.jsonl", "samples": 4} | changes}
