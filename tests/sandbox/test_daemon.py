"""A Docker engine that dies in the middle of a block: one of the test's own, so that no other test notices."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import docker
import pytest

from helpers.toy_study import judged, references, sample, start
from isobudget.files import tables


@pytest.fixture
def daemon(monkeypatch):
    """Functions that start and kill a dockerd of the test's own, to which DOCKER_HOST leads."""
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        reason = "a Docker engine of the test's own needs root and dockerd"
        (pytest.fail if os.environ.get("ISOBUDGET_REQUIRE_DOCKER") else pytest.skip)(reason)
    folder = tempfile.mkdtemp(prefix="isobudget-daemon-")  # its path must be short enough for a socket's
    address = f"unix://{folder}/s"
    log = Path(folder, "log")
    monkeypatch.setenv("DOCKER_HOST", address)
    command = ["dockerd", "-H", address, "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"]
    command += ["--pidfile", f"{folder}/pid", "--bridge", "none", "--iptables=false", "--storage-driver", "overlay2"]
    started = []

    def begin():
        with log.open("ab") as said:
            started.append(subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True))
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(docker.errors.DockerException):
                client = docker.from_env()
                client.ping()
                return client
            assert time.monotonic() < deadline and started[-1].poll() is None, log.read_text()[-2000:]
            time.sleep(0.2)

    def die(client):
        """As when the machine's engine crashes: it goes at once, and its containers with it."""
        servers = [client.api.inspect_container(one.id)["State"]["Pid"] for one in client.containers.list()]
        for pid in (started[-1].pid, *mentioning(folder), *servers):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        started[-1].wait()
        clear(f"{folder}/exec")  # what lies in /run else, which a crashed machine forgets
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{folder}/pid")
        client.close()

    begin.die = die
    yield begin
    started[-1].terminate()
    started[-1].wait()
    clear(folder)


def clear(folder):
    """Unmount what is mounted below a folder and delete it."""
    with open("/proc/mounts") as file:
        places = [line.split()[1] for line in file]
    for place in reversed(places):
        if place.startswith(folder):
            subprocess.run(["umount", "-l", place], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def mentioning(folder):
    """The pids of the engine's own processes, such as containerd."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
            if words[0].rpartition(b"/")[2].startswith(b"containerd") and folder.encode() in b" ".join(words):
                found.append(int(name))
    return found


@pytest.mark.slow
@pytest.mark.docker
def test_a_daemon_that_dies_mid_block_is_one_sentence_and_the_rerun_goes_on(study, daemon):
    client = daemon()
    references(study)
    slow = [sample(0, n, f"    import time\n    time.sleep(0.1)\n    return x + x\n# {n}\n") for n in range(80)]
    tables.write_rows(study.folder / "samples.parquet", "samples", slow, {"block": 0})
    settings = {"engine": "docker"}
    job = start(study, "samples.parquet", "out/outcomes.parquet", settings, kept=True)
    while not judged(study):
        assert job.poll() is None, job.communicate()
        time.sleep(0.05)
    daemon.die(client)
    _, said = job.communicate(timeout=120)
    assert job.returncode == 1
    assert "isobudget: the Docker engine has stopped; start it; then run again, what was judged is kept." in said
    assert "Traceback" not in said and not (study.folder / "out/outcomes.parquet").exists()
    before = judged(study)
    daemon()
    again = start(study, "samples.parquet", "out/outcomes.parquet", settings, kept=True)
    _, said = again.communicate(timeout=300)
    assert again.returncode == 0, said
    found = tables.read_metadata(study.folder / "out/outcomes.parquet", "outcomes")
    assert found["verdicts"] == {"passed": 80} and 0 < before == found["distinct"] - found["ran"]
