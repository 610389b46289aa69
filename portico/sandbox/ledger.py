"""The ledger: one JSON line for each thing that happened, on the disk before anybody is told of it, never changed afterwards."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from portico.domain.errors import PorticoError
from portico.sandbox.records import Entry

try:
    import fcntl
except ImportError:  # Windows: two banks on one ledger are not told apart there
    fcntl = None

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode


class Ledger:
    """The lines of one file, or of memory alone when there is no file. Not safe between threads: the bank has the lock.

    Raises PorticoError when the file is another bank's at this moment, or is no ledger.
    """

    def __init__(self, file: Path | None) -> None:
        self.entries: list[Entry] = []
        self._descriptor: int | None = None
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
            try:
                _lock(self._descriptor, file)
                self._read(self._descriptor, file)
            except BaseException:
                self.close()
                raise

    def append(self, entries: Sequence[Entry]) -> None:
        """Writes lines and waits for the disk. What raised here did not happen, as far as the bank is concerned."""
        if self._descriptor is not None:
            _write_whole(self._descriptor, b"".join(_encode(entry) + b"\n" for entry in entries))
        self.entries.extend(entries)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)  # which also unlocks
            self._descriptor = None

    def _read(self, descriptor: int, file: Path) -> None:
        with open(descriptor, "rb", closefd=False) as opened:
            raw = opened.read()
        whole, _, torn = raw.rpartition(b"\n")
        if torn:  # cut off while being written, so nobody was told of it
            os.ftruncate(descriptor, len(raw) - len(torn))
        try:
            self.entries = [_decode(line) for line in whole.split(b"\n")] if whole else []
        except msgspec.DecodeError as error:
            raise PorticoError(f"{file} is no ledger of the sandbox: {error}") from error
        if [entry.sequence for entry in self.entries] != list(range(1, len(self.entries) + 1)):
            raise PorticoError(f"{file} was changed by hand: its lines are not numbered 1, 2, 3, ...")


def _lock(descriptor: int, file: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise PorticoError(f"{file} is kept by another sandbox that is running") from error


def _write_whole(descriptor: int, lines: bytes) -> None:
    """All the lines or none: a half-written one would run into the next."""
    before = os.fstat(descriptor).st_size
    try:
        written = 0
        while written < len(lines):
            written += os.write(descriptor, lines[written:])
        os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, before)
        raise
