"""Leases of GPUs, with pretended devices and real processes: never two jobs on one; a killed job gives its own back."""

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise

import pytest

from helpers.plans import TWO_MODELS, copy, planned
from isobudget.engines import gpu_leases
from isobudget.files.errors import StudyError

JOB = """
import sys, time
from isobudget.engines import gpu_leases
print(",".join(gpu_leases.lease(int(sys.argv[1]), sys.argv[2], sys.argv[3])), flush=True)
begin = time.monotonic()
time.sleep(float(sys.argv[4]))
print(begin, time.monotonic())
"""


@pytest.fixture
def start(tmp_path):
    """Start jobs that lease and then hold for a while; those left are killed."""
    started = []

    def job(count=1, who="a model", seconds=60, **environment):
        given = {name: value for name, value in os.environ.items() if not name.startswith("CUDA_")}
        given |= {"ISOBUDGET_DEVICES": "d0,d1,d2,d3"} | environment
        arguments = [sys.executable, "-c", JOB, str(count), who, str(tmp_path / "leases"), str(seconds)]
        started.append(
            subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=given)
        )
        return started[-1]

    yield job
    for one in started:
        one.kill()
        one.communicate()


def leased(job):
    """The devices that a job got; waits for it."""
    return set(job.stdout.readline().strip().split(","))


def spans(jobs):
    """{device: [(begin, end)] of each job that had it, in order}, on the machine's one clock."""
    found = {}
    for job in jobs:
        out, err = job.communicate(timeout=60)
        assert job.returncode == 0, err
        held, span = out.splitlines()
        for device in held.split(","):
            found.setdefault(device, []).append(tuple(map(float, span.split())))
    return {device: sorted(times) for device, times in found.items()}


def assert_apart(found):
    for times in found.values():
        assert all(end <= begin for (_, end), (begin, _) in pairwise(times))


def test_jobs_never_share_a_device(start):
    found = spans([start(seconds=1) for _ in range(8)])
    assert sum(map(len, found.values())) == 8
    assert_apart(found)


def test_four_jobs_at_once_have_four_devices(start):
    assert set.union(*(leased(job) for job in [start() for _ in range(4)])) == {"0", "1", "2", "3"}


def test_kill_9_gives_the_lease_back(start):
    jobs = [start() for _ in range(4)]
    held = [leased(job) for job in jobs]
    waiting = start()
    assert "waits for" in waiting.stderr.readline()
    jobs[2].send_signal(signal.SIGKILL)
    assert leased(waiting) == held[2]


def test_one_who_waits_is_told_in_one_sentence_who_holds_what(start):
    jobs = [start(2, "small"), start(2, "large")]
    held = {job.pid: ",".join(sorted(leased(job))) for job in jobs}
    waiting = start(1, "third")
    sentence = waiting.stderr.readline()
    assert sentence.startswith("third: waits for 1 GPU(s) of 4; held are ")
    for job, who in zip(jobs, ("small", "large"), strict=True):
        for device in held[job.pid].split(","):
            assert f"{device} by process {job.pid} ({who})" in sentence
    time.sleep(2.5)
    jobs[0].kill()
    leased(waiting)
    waiting.kill()
    assert waiting.stderr.read() == ""


def test_tensor_parallel_2_has_two_and_two_such_jobs_never_wait_for_each_other(start):
    found = spans([start(2, seconds=0.5, ISOBUDGET_DEVICES="d0,d1,d2") for _ in range(5)])
    assert sum(map(len, found.values())) == 10
    assert_apart(found)


FORK = """
import os, sys, time
from isobudget.engines import gpu_leases
gpu_leases.lease(1, "a model", sys.argv[1])
child = os.fork()
if child:
    print(child, flush=True)
time.sleep(60)
"""


def test_a_child_that_outlives_its_killed_job_keeps_the_device(start, tmp_path):
    """A worker of tensor parallelism may still sit on the device."""
    command = [sys.executable, "-c", FORK, str(tmp_path / "leases")]
    only = os.environ | {"ISOBUDGET_DEVICES": "d0"}
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=only)
    child = int(parent.stdout.readline())
    parent.kill()
    waiting = start(ISOBUDGET_DEVICES="d0")
    assert "waits for 1 GPU(s) of 1" in waiting.stderr.readline()
    os.kill(child, signal.SIGKILL)
    parent.communicate()
    assert leased(waiting) == {"0"}


def test_more_devices_than_there_are_is_an_error(start):
    _, err = start(5).communicate(timeout=60)
    assert "a model: needs 5 GPU(s) and 4 can be used (0, 1, 2, 3); lower the model's tensor_parallel" in err
    _, err = start(2, CUDA_VISIBLE_DEVICES="3").communicate(timeout=60)
    assert "needs 2 GPU(s) and 1 can be used (3) of what CUDA_VISIBLE_DEVICES leaves" in err
    _, err = start(2, CUDA_VISIBLE_DEVICES="3,d3").communicate(timeout=60)
    assert "needs 2 GPU(s) and 1 can be used (d3)" in err


def test_only_what_is_visible_is_leased(start):
    assert leased(start(2, CUDA_VISIBLE_DEVICES="3,1")) == {"1", "3"}
    assert leased(start(2, CUDA_VISIBLE_DEVICES="0,1,2,3")) == {"0", "2"}


def test_a_number_that_is_no_number_to_cuda_names_no_device(monkeypatch, tmp_path):
    monkeypatch.setenv("ISOBUDGET_DEVICES", "d0,d1,d2")
    for visible in ("²", "٢"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        with pytest.raises(StudyError, match=r"needs 1 GPU\(s\) and 0 can be used"):
            gpu_leases.lease(1, "a model", tmp_path)


def test_a_uuid_and_a_number_name_the_same_device(start):
    assert leased(start(CUDA_VISIBLE_DEVICES="d2")) == {"d2"}
    assert leased(start(3)) == {"0", "1", "3"}


def test_what_slurm_shut_in_is_told_by_its_uuid_not_its_number(start):
    """In a job that sees one device alone, that device's number is 0, and so is another job's."""
    assert leased(start(CUDA_VISIBLE_DEVICES="0", ISOBUDGET_DEVICES="d2")) == {"0"}
    assert leased(start(CUDA_VISIBLE_DEVICES="0", ISOBUDGET_DEVICES="d3")) == {"0"}


def test_a_machine_that_lists_no_devices_leases_none(monkeypatch, tmp_path):
    monkeypatch.delenv("ISOBUDGET_DEVICES", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_leases.lease(1, "a model", tmp_path / "leases") == []
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_devices_are_listed_by_nvidia_smi(monkeypatch, tmp_path):
    """Its `-L` as NVIDIA prints it, with a device that is sliced; there is no GPU where this runs."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text(
        "#!/bin/sh\n[ $1 = -L ] && cat <<END\n"
        "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77)\n"
        "  MIG 1g.5gb      Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)\n"
        "GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-8932f937-d72c-4106-c12f-20bd9faed9f6)\nEND\n"
    )
    tool.chmod(0o755)
    monkeypatch.delenv("ISOBUDGET_DEVICES", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-8932")
    monkeypatch.setattr(gpu_leases, "_held", [])
    assert gpu_leases.lease(1, "a model", tmp_path / "leases") == ["GPU-8932"]
    assert (tmp_path / "leases/GPU-8932f937-d72c-4106-c12f-20bd9faed9f6").read_text() == (
        f"process {os.getpid()} (a model)"
    )
    for file in gpu_leases._held:
        os.close(file)


def test_a_folder_that_cannot_be_used_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("ISOBUDGET_DEVICES", "d0")
    (tmp_path / "leases").write_text("a file")
    with pytest.raises(StudyError, match="leases: GPUs cannot be leased there"):
        gpu_leases.lease(1, "a model", tmp_path / "leases")


def test_on_four_gpus_a_job_has_its_share_of_the_cores_and_a_calibration_all(tmp_path):
    jobs = planned(copy(tmp_path), TWO_MODELS, "--cores", "16", "--resources", "gpu=4")
    given = {(rule, keys.get("model")): (job["gpu"], job["threads"]) for rule, keys, job in jobs if "gpu" in job}
    assert given[("sample", "small")] == ("1", "4")
    assert given[("sample", "big")] == ("2", "8")
    assert given[("calibrate", "small")] == ("1", "16")
    ranks = {
        (keys["ranker"], keys["model"]): (job["gpu"], job["threads"]) for rule, keys, job in jobs if rule == "rank"
    }
    assert ranks[("nll:self", "small")] == ("0", "1")
    assert ranks[("nll:big", "small")] == ("2", "8")
