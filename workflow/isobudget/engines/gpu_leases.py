"""Which GPUs a model runs on: each job leases its own, and no two jobs of this machine ever share one.

A lease is a lock (flock) on a file named after the device, held for as long as the process lives: the kernel takes it
back from a job that was killed, and nothing is left to clean up. CUDA_VISIBLE_DEVICES, whether a person or Slurm set
it, says what there is to lease from.
"""

import contextlib
import fcntl
import os
import re
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from isobudget.files import stage
from isobudget.files.errors import StudyError

# not TMPDIR: Snakemake and Slurm give each job its own, and all jobs of the machine must meet here
FOLDER = "/tmp/isobudget-devices"
PRETENDED = "ISOBUDGET_DEVICES"
EVERY = 1  # seconds between two looks at devices that are taken

_held: list[int] = []  # open files, whose locks end with this process


class Device(NamedTuple):
    """What CUDA_VISIBLE_DEVICES calls it, and a name that is the same in every process of the machine."""

    visible: str
    name: str

    def lock(self, place: Path) -> Path:
        return place / re.sub(r"[^\w.-]", "_", self.name)


def lease(count: int, who: str, folder: str | Path = FOLDER) -> list[str]:
    """Take `count` devices for this process, before CUDA starts; waits until as many are free.

    Sets CUDA_VISIBLE_DEVICES to them. A machine without a tool that lists its devices leases none.

    Args:
        count: devices, the model's tensor_parallel.
        who: what those read who wait, such as the weights.
        folder: where the locks are, the same for all jobs of a machine.

    Returns:
        The devices, as CUDA_VISIBLE_DEVICES names them; empty where none could be listed. They are the process's
        until it ends: a second call returns the same.

    Raises:
        StudyError: there are not as many, or the folder cannot be used.
    """
    if _held:
        return os.environ["CUDA_VISIBLE_DEVICES"].split(",")
    devices = _to_choose_from()
    if devices is None:
        return []
    if count > len(devices):
        names = ", ".join(device.visible for device in devices) or "none"
        limited = " of what CUDA_VISIBLE_DEVICES leaves" if "CUDA_VISIBLE_DEVICES" in os.environ else ""
        raise StudyError(
            f"{who}: needs {count} GPU(s) and {len(devices)} can be used ({names}){limited}; "
            "lower the model's tensor_parallel, or give the job more devices."
        )
    with _folder_errors(folder):
        chosen = _wait(count, devices, who, folder)
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(device.visible for device in chosen)
    # nvidia-smi's numbers, by which the locks go, are in the order of the bus; CUDA's own may not be
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    return [device.visible for device in chosen]


def pretended() -> bool:
    """Whether the devices are made up, as tests do where there are none: ISOBUDGET_DEVICES=a,b,c,d."""
    return PRETENDED in os.environ


def _to_choose_from() -> list[Device] | None:
    """The Devices that this process may use, or None if nothing lists them."""
    names = _listed()
    if names is None:
        return None
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is None:
        return [Device(str(number), name) for number, name in enumerate(names)]
    entries = [entry.strip() for entry in allowed.split(",") if entry.strip()]
    found = []
    for entry in entries:
        if entry.isascii() and entry.isdigit() and int(entry) < len(names):
            found.append(Device(entry, names[int(entry)]))
        elif entry.lstrip("-").isdigit():
            break  # CUDA, too, sees none from the first number on that it does not know
        else:
            # a UUID may be cut short; a slice of a device (MIG) is one of its own
            found.append(Device(entry, next((name for name in names if name.startswith(entry)), entry)))
    # named twice, a device is still one
    return list({device.name: device for device in found}.values())


def _listed() -> list[str] | None:
    """UUIDs in nvidia-smi's order: in a job that Slurm shut into its devices, of those alone. None without the tool."""
    if pretended():
        return [name.strip() for name in os.environ[PRETENDED].split(",") if name.strip()]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60, check=True)
        return re.findall(r"^GPU \d+: .*\(UUID: (\S+)\)", done.stdout, re.MULTILINE)
    return None


def _wait(count, devices, who, folder):
    """Take `count` of the devices, all at once or none, and say who holds them while it has to wait."""
    told = False
    while True:
        # one process at a time chooses, so that two that need two never end with one each
        with _locked_folder(folder) as place:
            locked = {device: _lock(device.lock(place)) for device in devices}
            free = [device for device in devices if locked[device] is not None]
            chosen = free[:count] if len(free) >= count else []
            for device in free:
                if device in chosen:
                    _write(locked[device], f"process {os.getpid()} ({who})")
                    _held.append(locked[device])
                else:
                    os.close(locked[device])
            holders = {device.visible: _read(device.lock(place)) for device in devices if device not in free}
        if chosen:
            return chosen
        if not told:
            by = ", ".join(f"{visible} by {holder}" for visible, holder in holders.items())
            stage.say(f"{who}: waits for {count} GPU(s) of {len(devices)}; held are {by}.")
            told = True
        time.sleep(EVERY)


@contextlib.contextmanager
def _locked_folder(folder):
    """Yield the folder as a Path while no other process chooses; any user may lock in it."""
    place = Path(folder)
    with contextlib.suppress(FileExistsError):
        place.mkdir()
        place.chmod(0o1777)
    handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield place
    finally:
        os.close(handle)


def _lock(path):
    """An open, locked file, or None if another process has it."""
    try:
        # without O_CREAT first: in /tmp Linux refuses that on another user's file
        file = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW)
        os.fchmod(file, 0o666)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def _write(file, text):
    os.ftruncate(file, 0)
    os.pwrite(file, text.encode(), 0)


def _read(path):
    return path.read_text(errors="replace") or "a process that has just begun"


@contextlib.contextmanager
def _folder_errors(folder):
    try:
        yield
    except OSError as error:
        raise StudyError(
            f"{folder}: GPUs cannot be leased there ({error.strerror}); this folder holds a lock a device, "
            "and every user who runs models must be able to write it."
        ) from None
