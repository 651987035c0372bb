"""Verdicts kept by content: what is run again, what is not, and what happens when things break in the middle."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from helpers.toy_study import execute, judged, references, sample, start
from isobudget.execution import verdict_cache
from isobudget.files import tables, temporary
from isobudget.files.errors import StudyError
from isobudget.sandbox import Outcome, Program, docker

BODIES = ["    return x + x\n", "    return 2 * x\n", "    return x * x\n", "    return y\n"]
SAMPLES = [sample(task, number, body) for number, (task, body) in enumerate((t, b) for t in (0, 1) for b in BODIES)]


def ran(study, output="out/outcomes.parquet"):
    metadata = tables.read_metadata(study.folder / output, "outcomes")
    return metadata["ran"], metadata["distinct"]


def test_a_program_runs_once_ever_and_its_verdict_is_the_same_in_every_block(study):
    assert execute(study, SAMPLES, kept=True).returncode == 0
    first = tables.read_rows(study.folder / "out/outcomes.parquet", "outcomes").to_pylist()
    assert ran(study) == (8, 8)
    more = [*SAMPLES[2:], sample(1, 99, "    return 3 * x\n")]
    done = execute(study, more, kept=True)
    assert done.returncode == 0 and "execute: 6 of 7 programs were judged before" in done.stderr
    assert ran(study) == (1, 7)
    again = tables.read_rows(study.folder / "out/outcomes.parquet", "outcomes").to_pylist()
    assert again[:-1] == first[2:] and again[-1]["verdict"] == "passed"


def test_without_the_file_every_program_runs(study):
    for _ in range(2):
        assert execute(study, SAMPLES).returncode == 0
        assert ran(study) == (8, 8)


@pytest.mark.parametrize("change", [{"timeout": 3}, {"memory": "256m"}])
def test_a_changed_limit_runs_every_program_again(study, change):
    execute(study, SAMPLES, kept=True)
    assert execute(study, SAMPLES, change, kept=True).returncode == 0
    assert ran(study) == (8, 8)
    execute(study, SAMPLES, kept=True)
    assert ran(study) == (0, 8)


def test_a_verdict_depends_on_text_tests_and_conditions():
    program = Program("def f(): pass", "f()", "f", "")
    given = verdict_cache.key(program, {"timeout": 3, "root": "a"})
    assert given == verdict_cache.key(program, {"root": "a", "timeout": 3})
    others = [program._replace(**{field: "x"}) for field in program._fields]
    changed = [verdict_cache.key(other, {"timeout": 3, "root": "a"}) for other in others]
    changed += [
        verdict_cache.key(program, {"timeout": 3, "root": "b"}),
        verdict_cache.key(program, {"timeout": 3.5, "root": "a"}),
    ]
    assert len({given, *changed}) == 1 + len(program._fields) + 2


def test_the_first_verdict_stays(tmp_path):
    with verdict_cache.open_kept(tmp_path / "v.sqlite") as known:
        known.add(b"1", Outcome("passed", "", 0.25))
        known.add(b"1", Outcome("failed", "later", 0.5))
        known.add(b"2", Outcome("failed", "why", 0.125))
    with verdict_cache.open_kept(tmp_path / "v.sqlite") as known:
        found = known.find([b"1", b"2", b"3", b"1"])
    assert found == {b"1": Outcome("passed", "", 0.25), b"2": Outcome("failed", "why", 0.125)}


def test_more_keys_than_one_query_takes(tmp_path):
    keys = [number.to_bytes(4, "big") for number in range(2 * verdict_cache.MANY + 1)]
    with verdict_cache.open_kept(tmp_path / "v.sqlite") as known:
        for one in keys:
            known.add(one, Outcome("passed", "", 0.0))
        assert set(known.find(keys)) == set(keys)


def test_two_jobs_that_judge_the_same_programs_at_once_agree(study):
    references(study)
    slow = [sample(0, n, f"    import time\n    time.sleep(0.02)\n    return x + {n % 4}\n# {n}\n") for n in range(40)]
    jobs = []
    for block in range(2):
        tables.write_rows(study.folder / f"samples{block}.parquet", "samples", slow, {"block": block})
        jobs.append(start(study, f"samples{block}.parquet", f"out/{block}.parquet", kept=True))
    assert [job.wait() for job in jobs] == [0, 0]
    one, other = (tables.read_rows(study.folder / f"out/{block}.parquet", "outcomes").to_pylist() for block in range(2))
    assert one == other and {row["verdict"] for row in one} == {"passed", "failed"}


def test_what_a_killed_job_had_judged_is_not_run_again(study):
    references(study)
    slow = [sample(0, n, f"    import time\n    time.sleep(0.1)\n    return x + x\n# {n}\n") for n in range(60)]
    tables.write_rows(study.folder / "samples.parquet", "samples", slow, {"block": 0})
    job = start(study, "samples.parquet", "out/outcomes.parquet", kept=True)
    while not judged(study):
        assert job.poll() is None
        time.sleep(0.05)
    job.send_signal(signal.SIGKILL)
    job.wait()
    assert not (study.folder / "out/outcomes.parquet").exists()
    before = judged(study)
    again = start(study, "samples.parquet", "out/outcomes.parquet", kept=True)
    assert again.wait() == 0
    count, distinct = ran(study)
    assert before > 0 and count == distinct - before == 60 - before


@pytest.mark.docker
def test_a_killed_job_leaves_no_container_and_its_folder_goes_with_the_next(study, monkeypatch, request):
    if reason := docker.missing():
        (pytest.fail if os.environ.get("ISOBUDGET_REQUIRE_DOCKER") else pytest.skip)(reason)
    folder = tempfile.TemporaryDirectory(prefix="isobudget-kept-")  # its path must be short enough for a socket's
    request.addfinalizer(folder.cleanup)
    monkeypatch.setenv("TMPDIR", folder.name)
    references(study, {"engine": "docker"})
    slow = [sample(0, n, f"    import time\n    time.sleep(0.3)\n    return x + x\n# {n}\n") for n in range(60)]
    tables.write_rows(study.folder / "samples.parquet", "samples", slow, {"block": 0})
    job = start(study, "samples.parquet", "out/outcomes.parquet", {"engine": "docker"}, kept=True)
    label = f"{docker.LABEL}={temporary.owner()}".replace(f"-{os.getpid()}.", f"-{job.pid}.")

    def containers():
        command = ["docker", "ps", "--all", "--quiet", "--filter", f"label={label}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    while not judged(study):
        assert job.poll() is None
        time.sleep(0.05)
    assert len(containers()) == 2 and len(list(Path(folder.name).glob(f"{docker.CHANNEL}*"))) == 2
    job.send_signal(signal.SIGKILL)
    job.communicate()
    deadline = time.monotonic() + 60
    while containers():
        assert time.monotonic() < deadline
        time.sleep(0.2)
    references(study, {"engine": "docker"})
    assert list(Path(folder.name).glob(f"{docker.CHANNEL}*")) == []


def test_a_damaged_file_is_one_sentence(study):
    (study.folder / "verdicts.sqlite").write_bytes(b"no database, certainly" * 100)
    done = execute(study, SAMPLES, kept=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "verdicts.sqlite: not a whole file (file is not a database); delete it and run again" in done.stderr


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "v.sqlite").mkdir()
    refused = pytest.raises(StudyError, match="v.sqlite: verdicts cannot be kept there")
    with refused, verdict_cache.open_kept(tmp_path / "v.sqlite"):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system of its own, which root alone can")
def test_a_full_disk_is_one_sentence_and_the_rerun_goes_on(study):
    references(study)
    small = study.folder / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", small], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        many = [sample(0, n, f"    return x + x\n# {'filler ' * 40} {n}\n") for n in range(1200)]
        tables.write_rows(study.folder / "samples.parquet", "samples", many, {"block": 0})
        filler = small / "filler"
        filler.write_bytes(bytes(60 << 10))
        full = study_job(study, small)
        assert full.returncode == 1 and "the disk is full; free some space and run again" in full.stderr
        assert [path.name for path in small.iterdir() if path.suffix == ".part"] == []
        filler.unlink()
        assert subprocess.run(["mount", "-o", "remount,size=16m", small]).returncode == 0
        assert study_job(study, small).returncode == 0
        found = tables.read_metadata(small / "outcomes.parquet", "outcomes")
        assert found["verdicts"] == {"passed": 1200} and found["ran"] < found["distinct"]
    finally:
        subprocess.run(["umount", small], check=True)


def study_job(study, folder):
    job = start(study, "samples.parquet", f"{folder}/outcomes.parquet", kept=f"{folder}/v.sqlite")
    _, said = job.communicate()
    return subprocess.CompletedProcess(job.args, job.returncode, "", said)


MOUNTS = """\
27 1 254:0 / / rw - ext4 /dev/vda rw
40 27 0:50 / {0}/net rw,relatime shared:3 - nfs4 server:/export rw,local_lock=none
41 40 0:51 / {0}/net/with\\040space rw - tmpfs tmpfs rw
42 27 0:52 / {0}/mine rw - nfs server:/old rw
43 27 0:53 / {0}/mine rw - xfs /dev/vdb rw
"""


@pytest.mark.parametrize("folder, local", [("a", True), ("net/b", False), ("net/with space/c", True), ("mine", True)])
def test_on_a_network_file_system_each_node_has_a_file_of_its_own(tmp_path, folder, local):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.format(tmp_path))
    (tmp_path / folder).mkdir(parents=True)
    found = verdict_cache.of_this_node(tmp_path / folder / "verdicts.sqlite", mounts)
    assert found.name == ("verdicts.sqlite" if local else f"verdicts.{os.uname().nodename}.sqlite")
    assert found.parent == tmp_path / folder
