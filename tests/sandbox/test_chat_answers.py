"""Chat answers to HumanEval, each with a right program in it: what is taken out of them passes in the sandbox.

tests/answers/KIND/NN-name.md is an answer to HumanEval/NN. formats-of-models/ has whole answers in the formats of
today's models; the other folders have small ones, of the kinds that docs/how-texts-become-programs.md explains.
"""

from helpers.checkout import ROOT
from helpers.sandboxes import engine_or_skip
from isobudget import extraction
from isobudget.execution.judging import program_for
from isobudget.problems import humaneval
from isobudget.sandbox import open_sandbox

FILES = sorted((ROOT / "tests/answers").rglob("*.md"))


def test_every_answer_passes():
    problems = {problem["task_id"]: problem for problem in humaneval.problems()}
    programs, lost = [], []
    for file in FILES:
        problem = problems[f"HumanEval/{int(file.name.partition('-')[0])}"]
        text = file.read_bytes().decode()
        program, reason = extraction.from_answer(problem["prompt"], text, problem["entry_point"])
        lost += [(file.stem, reason)] if program is None else []
        programs.append(program_for(problem, program or ""))
    with open_sandbox({"engine": engine_or_skip("bubblewrap"), "timeout": 3}, workers=2) as sandbox:
        outcomes = dict(zip(FILES, sandbox.run(programs), strict=True))
    failed = {str(file.relative_to(ROOT)): one for file, one in outcomes.items() if one.verdict != "passed"}
    assert (failed, lost) == ({}, [])
    assert len(outcomes) > 80
