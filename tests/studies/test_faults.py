"""What a machine does to a study, one fault a test: each ends in a sentence or in nothing, and the next run goes on.

Kills are in test_crashes; a full disk in each writer's hands in test_tables and test_verdict_cache, a dead Docker
engine in test_daemon.
"""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest
import yaml

from helpers.recorded_study import ARCHITECTURE, STUDY, with_models
from helpers.snakemake_runs import ENDING, Run, planned, repository, snakemake
from helpers.snakemake_runs import tables as all_rows
from isobudget.files import tables, temporary
from isobudget.files.errors import StudyError
from isobudget.run import results_lock, timestamps

pytestmark = pytest.mark.slow

HALF_WRITTEN = """
import os, pathlib, signal, sys
from isobudget.files import tables
with tables.whole_file(sys.argv[1]) as temporary:
    temporary.write_text("half of it")
    print("there", flush=True)
    signal.pause()
"""


def writing(output):
    """A process that has written half of a file and goes no further."""
    job = subprocess.Popen([sys.executable, "-c", HALF_WRITTEN, output], stdout=subprocess.PIPE, text=True)
    assert job.stdout.readline() == "there\n"
    return job


def killed(job):
    job.send_signal(signal.SIGKILL)
    job.communicate()


def test_a_kill_in_the_middle_of_writing_leaves_the_old_file_and_the_next_write_clears_up(tmp_path):
    output = tmp_path / "a.json"
    tables.write_json(output, {"old": 1})
    killed(writing(output))
    assert tables.read_json(output) == {"old": 1}
    alive = writing(output)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2 and names[0].startswith(".a.json.")  # what the dead left is gone, the living one's stays
    folder = tmp_path / f".a.json.{temporary.owner()}".replace(f"-{os.getpid()}.", f"-{alive.pid}.x.part.tmp")
    folder.mkdir()  # as DuckDB puts one beside its file
    killed(alive)
    elsewhere = tmp_path / ".a.json.00000000-1.x.part"
    elsewhere.touch()
    tables.write_json(output, {"new": 1})
    assert sorted(path.name for path in tmp_path.iterdir()) == [elsewhere.name, "a.json"]


STAGE = """
import sys, time
from isobudget.files import stage, tables
def wait(args):
    with tables.whole_file(args.output):
        print("ready", file=stage.terminal(), flush=True)
        time.sleep(60)
stage.run(wait, stage.arguments("Wait."))
"""


def waiting(output, workflow):
    """A stage that waits for a minute, started by a workflow of this name."""
    return subprocess.Popen(
        [sys.executable, "-c", STAGE, "--output", output, "--log", output.parent.with_name("log")],
        env=os.environ | {"ISOBUDGET_WORKFLOW": workflow},
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_stage_ends_with_the_workflow_that_started_it(tmp_path):
    workflow = subprocess.Popen(["sleep", "60"])
    output = tmp_path / "out/a.json"
    job = waiting(output, temporary.owner().replace(f"-{os.getpid()}.", f"-{workflow.pid}."))
    assert job.stderr.readline() == "ready\n"
    assert job.poll() is None
    workflow.send_signal(signal.SIGKILL)
    workflow.wait()
    _, said = job.communicate(timeout=30)
    assert job.returncode == 130 and "interrupted" in said
    assert list(output.parent.iterdir()) == []


def test_a_stage_whose_workflow_died_before_it_looked_never_begins(tmp_path):
    workflow = subprocess.Popen(["true"])
    workflow.wait()
    name = temporary.owner().replace(f"-{os.getpid()}.", f"-{workflow.pid}.")
    job = waiting(tmp_path / "out/a.json", name)
    _, said = job.communicate(timeout=30)
    assert job.returncode == 130
    assert said == (tmp_path / "log").read_text() and said.startswith("isobudget: interrupted; ")
    assert not (tmp_path / "out").exists()


def test_the_workflow_of_another_machine_says_nothing_here(tmp_path):
    job = waiting(tmp_path / "out/a.json", "00000000-999999999.")
    assert job.stderr.readline() == "ready\n"
    killed(job)


HOLD = """
import sys, signal
from isobudget.run.results_lock import Claim
claim = Claim(sys.argv[1])
claim.insist('code', {})
print("mine", flush=True)
signal.pause()
"""


def holding(results):
    """A process that has claimed a results folder, in which it looks at Snakemake's locks too."""
    job = subprocess.Popen(
        [sys.executable, "-c", HOLD, results.name], cwd=results.parent, stdout=subprocess.PIPE, text=True
    )
    assert job.stdout.readline() == "mine\n"
    return job


def lock(root, number, line):
    file = root / f".snakemake/locks/{number}.output.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{line}\n")
    return file


def test_a_dead_runs_lock_is_cleared_and_no_living_ones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(results_lock, "PATIENCE", 0.1)
    job = holding(tmp_path / "results")
    ours, other = lock(tmp_path, 0, "results/isobudget.duckdb"), lock(tmp_path, 1, "results2/isobudget.duckdb")
    second = results_lock.Claim("results")
    assert f"another run is at work there (process {job.pid} on " in second.notice and ours.exists()
    with pytest.raises(StudyError, match=r"results: another run is at work there .* Do not unlock"):
        second.insist("code", {})
    killed(job)
    assert results_lock.Claim("results").notice is None
    assert not ours.exists() and other.exists()


def test_a_lock_whose_run_came_to_its_end_or_was_on_another_machine_is_left_to_the_user(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    job = holding(tmp_path / "results")
    job.send_signal(signal.SIGINT)  # unwinds, and says so in the claim
    job.communicate()
    left = lock(tmp_path, 0, "results/isobudget.duckdb")
    results_lock.Claim("results")
    assert left.exists()
    state = {"host": "elsewhere", "pid": 1, "at_work": True, "since": "then"}
    (tmp_path / "results/.claim").write_text(json.dumps(state))
    results_lock.Claim("results")
    assert left.exists()


def test_two_workflows_in_one_folder(study):
    for name in ("results", ".snakemake"):
        shutil.rmtree(study / name)
    (study / "study.yaml").write_text(yaml.safe_dump(STUDY))
    first = Run(study)
    while not first.stages():
        assert first.workflow.poll() is None, first.log.read_text()
        time.sleep(0.1)
    said = f"isobudget: results: another run is at work there (process {first.workflow.pid} on "
    second = snakemake(study)
    assert second.returncode == 1 and said in second.stderr
    snakemake(study, "--unlock")  # what Snakemake advises, and nobody should do now
    third = snakemake(study)
    assert third.returncode == 1 and said in third.stderr
    assert "let it end, or give this study another `results`" in third.stderr
    assert first.workflow.wait() == 0, first.log.read_text()[-4000:]
    assert planned(study) == {}


@pytest.fixture
def small_disk(tmp_path):
    """A function that mounts a file system of its own, or mounts it anew with other options."""
    if os.geteuid() != 0:
        pytest.skip("mounts a file system of its own, which root alone can")
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options, anew=False):
        how = ["-o", f"remount,{options}"] if anew else ["-t", "tmpfs", "-o", options, "tmpfs"]
        if subprocess.run(["mount", *how, folder], capture_output=True).returncode:
            pytest.skip("no file system can be mounted here")
        return folder

    yield mount
    subprocess.run(["umount", folder], check=False)


def test_a_read_only_results_folder_is_one_sentence_before_any_job(study, small_disk):
    shutil.rmtree(study / "results")
    disk = small_disk("size=1m")
    (study / "results").symlink_to(disk)
    small_disk("ro", anew=True)
    done = snakemake(study)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "results: nothing can be written there (Read-only file system); see that this user may write" in said
    assert "python -m isobudget" not in said and "Traceback" not in said


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_disk_that_fills_up_is_one_sentence_a_job_and_the_next_run_ends_in_the_same_tables(study, small_disk, share):
    wanted, size = all_rows(study), sum(file.stat().st_size for file in (study / "results").rglob("*"))
    for name in ("results", ".snakemake"):
        shutil.rmtree(study / name)
    (study / "results").symlink_to(small_disk(f"size={int(size * share)}"))
    done = snakemake(study)
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "the disk is full; free some space and run again" in said, said[-4000:]
    assert "Traceback" not in said
    small_disk(f"size={4 * size}", anew=True)
    done = snakemake(study)
    assert done.returncode == 0, done.stderr[-4000:]
    assert all_rows(study) == wanted and planned(study) == {}


def shift(folder, seconds):
    """Move the times of all files, as a clock that went wrong would have left them."""
    for file in [folder, *folder.rglob("*")]:
        found = file.lstat()
        times = (found.st_atime_ns + seconds * 10**9, found.st_mtime_ns + seconds * 10**9)
        os.utime(file, ns=times, follow_symlinks=False)


@pytest.mark.parametrize("seconds", [-7 * 86400, 7 * 86400], ids=["slow", "fast"])
def test_a_clock_that_was_wrong_in_one_run_and_right_in_the_next_changes_no_figure(study, seconds):
    """All of results/ a week too old, or a week too new; then a model is added at the right time."""
    shift(study / "results", seconds)
    shift(study / "recordings", seconds)
    wanted = all_rows(study)
    done = snakemake(study)
    assert done.returncode == 0, done.stderr[-4000:]
    assert ("files were from the future, up to " in done.stderr) == (seconds > 0)
    assert all_rows(study) == wanted and planned(study) == {}
    more = with_models(third={"engine": "recorded", "samples": 4})
    done = snakemake(study, study=more)
    assert done.returncode == 0, done.stderr[-4000:]
    assert planned(study, more) == {}
    assert [row for row in all_rows(study)["pass_at_k"] if "'third'" not in row] == wanted["pass_at_k"]


def test_a_clock_that_jumps_in_the_middle_of_a_study_changes_no_figure(study):
    """The samples of one model from next week, the rest from today, as where a node's clock was wrong for a while."""
    wanted = all_rows(study)
    shift(study / "results/samples/humaneval/small", 7 * 86400)
    done = snakemake(study)
    assert done.returncode == 0, done.stderr[-4000:]
    assert all_rows(study) == wanted and planned(study) == {}


@pytest.fixture
def imports(study):
    """A study that imports samples which were drawn elsewhere, and the two files that it reads."""
    solved = [{"task_id": f"HumanEval/{p}", "completion": "    return None\n"} for p in range(3) for _ in range(4)]
    files = [study / "theirs.jsonl", study / "config.json"]
    files[0].write_text("".join(json.dumps(row) + "\n" for row in solved))
    files[1].write_text(json.dumps(ARCHITECTURE))
    theirs = {"engine": "import", "path": "theirs.jsonl", "config": "config.json", "samples": 4, "cost": {"seconds": 1}}
    return with_models(theirs=theirs), files


def test_inputs_of_the_user_from_the_future_are_from_now_on(study, imports):
    config, files = imports
    for file in files:
        shift(file, 86400)
    done = snakemake(study, study=config)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "2 files were from the future, up to " in done.stderr
    assert all(file.stat().st_mtime < time.time() for file in files)
    assert planned(study, config) == {}


def test_an_input_from_the_future_that_is_anothers_is_named(tmp_path, monkeypatch):
    file = tmp_path / "theirs.jsonl"
    file.touch()
    assert timestamps.mend(inputs=[file]) is None
    shift(file, 86400)

    def utime(*given):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "utime", utime)
    with pytest.raises(StudyError, match=f"{file}: is from the future, .*; `touch` it as its owner, or mend this"):
        timestamps.mend(inputs=[file])


def test_two_versions_of_the_code_on_one_results_folder(base, study, tmp_path):
    """A second checkout has no record of the first one's files: with the same code it takes them, with other not."""
    other = repository(tmp_path / "other")
    for name in ("results", "recordings"):
        (other / name).symlink_to(study / name)
    assert planned(other) == {}
    source = other / "workflow/isobudget/statistics/unbiased.py"
    source.write_text(source.read_text() + "\n")
    for arguments in ((), ("--dry-run",)):
        done = snakemake(other, *arguments)
        assert done.returncode == 1
        said = done.stdout + done.stderr
        assert f"results: another version of isobudget made files there, run in {base}" in said, said
        assert "Traceback" not in said
    assert planned(study) == {}
    subprocess.run(re.search("`(cd results && rm -rf .*)`", said)[1], shell=True, cwd=study, check=True)
    anew = {"references": 1, "execute": 5, "rank": 6, "cost": 2, "estimate": 2}
    assert planned(other) == anew | ENDING
    done = snakemake(other)
    assert done.returncode == 0, done.stderr[-4000:]
    assert planned(other) == {}
    done = snakemake(study)
    assert done.returncode == 1 and f"run in {other}" in done.stderr


AS_NOBODY = """
import os, sys
from isobudget.files import tables; from isobudget.run import results_lock
from isobudget.files.errors import StudyError
os.setgid(65534)
os.setuid(65534)
folder = sys.argv[1]
claim, write = results_lock.Claim, tables.write_json
for attempt in (lambda: claim(folder).insist('code', {}), lambda: write(folder + "/a.json", {})):
    try:
        attempt()
    except StudyError as error:
        print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which root alone can")
def test_another_users_results_folder_is_one_sentence():
    with tempfile.TemporaryDirectory(prefix="isobudget-faults-") as folder:
        os.chmod(folder, 0o755)
        done = subprocess.run([sys.executable, "-c", AS_NOBODY, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    claimed, written = done.stdout.splitlines()
    assert claimed.startswith(f"{folder}: nothing can be written there (Permission denied)")
    assert written.startswith(f"{folder}/a.json: this user may not write there (Permission denied)")


@pytest.fixture(scope="module")
def commands(base, tmp_path_factory):
    """The shell command of every job of the base study, as Snakemake plans it."""
    root = tmp_path_factory.mktemp("commands") / "study"
    shutil.copytree(base, root, symlinks=True)
    said = snakemake(root, "--dry-run", "--forceall", "--printshellcmds").stdout.splitlines()
    return [line.removeprefix("Shell command: ") for line in said if line.startswith("Shell command: ")]


@pytest.mark.parametrize("damage", ["cut in half", "empty"])
@pytest.mark.parametrize(
    "file, reader",
    [
        ("problems/humaneval.parquet", "sampling"),
        ("problems/humaneval.parquet", "execution.references"),
        ("references/humaneval.json", "execution"),
        ("samples/humaneval/small/sampled/0.parquet", "execution"),
        ("samples/humaneval/small/sampled/0.parquet", "ranking"),
        ("outcomes/humaneval/small/sampled/0.parquet", "estimates"),
        ("scores/random/humaneval/small/sampled/0.parquet", "estimates"),
        ("models/small.json", "costs"),
        ("calibrations/small/0.json", "costs"),
        ("costs/small.json", "store"),
        ("isobudget.duckdb", "report"),
    ],
)
def test_whoever_reads_a_damaged_file_names_it_and_says_to_delete_it(study, commands, file, reader, damage):
    """What comes of deleting it: test_reruns, where that makes it anew and whatever follows from it."""
    sick = study / "results" / file
    os.truncate(sick, sick.stat().st_size // 2 if damage == "cut in half" else 0)
    named = {"estimates": "estimates/humaneval/small.parquet", "store": "isobudget.duckdb"}.get(reader, file)
    command = next(text for text in commands if f"isobudget.{reader} " in text and f"results/{named}" in text)
    environment = os.environ | {"PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
    environment["PYTHONPATH"] = str(study / "workflow")
    done = subprocess.run(["bash", "-c", command], cwd=study, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    repair = "delete it and first make it alone" if "problems/" in file else "delete it and run again"
    assert f"isobudget: results/{file}: " in done.stderr and repair in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
