"""How every stage runs: arguments, its log, progress on the terminal, errors as sentences."""

import argparse
import contextlib
import errno
import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TextIO

from isobudget.files import temporary
from isobudget.files.errors import StudyError
from isobudget.files.settings import odd_keys

GRACE = 20  # seconds that a stage may take to unwind when its workflow is gone
_terminal = sys.stderr
_ending = False


def terminal() -> TextIO:
    """The stream a person watches, for progress; stdout and stderr may go to the log."""
    return _terminal


def ending() -> bool:
    """Whether this stage was asked to end; any error after that is what a library made of the interrupt."""
    return _ending


def say(sentence: str) -> None:
    """Tell the person who watches one thing, and keep it in the log."""
    print(sentence, file=_terminal, flush=True)
    if _terminal is not sys.stderr:
        print(sentence, file=sys.stderr, flush=True)


def arguments(description: str, settings: type | None = None) -> argparse.ArgumentParser:
    """A parser with what every stage takes: --settings (JSON), --output and --log.

    Args:
        description: what the stage does.
        settings: the type of its settings in files/settings.py; None: it takes none.
    """
    parser = argparse.ArgumentParser(description=description)
    if settings:
        said = "a JSON object, what the config says of this job"
        parser.add_argument("--settings", type=lambda text: _settings(text, settings), default={}, help=said)
    parser.add_argument("--output", required=True, help="the file to write")
    parser.add_argument("--log", help="where stdout and stderr go; without it, the terminal")
    return parser


def run(stage: Callable[[argparse.Namespace], None], parser: argparse.ArgumentParser) -> NoReturn:
    """Parse the arguments, call `stage(args)`, and exit.

    A StudyError becomes one sentence on the terminal and in the log, exit code 1. Ctrl-C,
    a polite kill and the end of the workflow that started it unwind the stage, so that its
    temporary files go, exit code 130.
    """
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell's background jobs ignore it
        signal.signal(signal.SIGINT, _interrupt)
    with _log(args.log):
        try:
            _end_with(os.environ.get("ISOBUDGET_WORKFLOW"))
            stage(args)
            code = 0
        except (KeyboardInterrupt, Exception) as error:
            code = 130 if _ending or isinstance(error, KeyboardInterrupt) else 1
            _tell(error, args, code)
        sys.stdout.flush()
        sys.stderr.flush()
    sys.exit(code)


def _tell(error: BaseException, args: argparse.Namespace, code: int) -> None:
    if code == 130:
        say(f"isobudget: interrupted; {args.output} was not written, run again to go on from there.")
    elif isinstance(error, StudyError):
        say(f"isobudget: {error}")
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        say(f"isobudget: {args.output}: the disk is full; free some space and run again, finished files are kept.")
    else:
        traceback.print_exc()
        where = f", the whole traceback is in {args.log}" if args.log else ""
        last = traceback.format_exception_only(error)[-1].strip()
        print(f"isobudget: {args.output} could not be made: {last}{where}", file=_terminal, flush=True)


def _interrupt(signum, frame):
    global _ending
    _ending = True
    raise KeyboardInterrupt


def _end_with(workflow: str | None) -> None:
    """End this stage, politely and then by force, when the workflow that started it is gone: nobody waits for it.

    A workflow that was killed outright tells its jobs nothing, and one that samples would go on for hours, on a device
    that the next run wants.

    Args:
        workflow: temporary.owner() of the workflow, as the environment has it; None where a person started the stage.
    """
    pid = temporary.pid_of(workflow or "")
    if pid is None:  # nobody's, or of another machine or container, where a pid means another process
        return
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:  # killed while this process began, or was replaced by itself (vllm.prepare)
        signal.raise_signal(signal.SIGTERM)
    except (OSError, AttributeError):  # a system without these
        return

    def watch():
        select.select([process], [], [])
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _settings(text: str, wanted: type) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("a JSON object was expected")
    if odd := odd_keys(value, wanted):
        raise argparse.ArgumentTypeError(f"{wanted.__name__}: {odd}")
    return value


@contextlib.contextmanager
def _log(path: str | None) -> Iterator[None]:
    """Send stdout and stderr to a file, those of libraries in C and of children included."""
    global _terminal
    if not path:
        yield
        return
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(2), os.dup(1)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
    # line buffered, and deaf to a closed terminal: a lost screen must not end a long job
    _terminal = os.fdopen(os.dup(kept[0]), "w", buffering=1, errors="replace")
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(kept[0], 2)
        os.dup2(kept[1], 1)
        os.close(kept[0])
        os.close(kept[1])
        _terminal.close()
        _terminal = sys.stderr
