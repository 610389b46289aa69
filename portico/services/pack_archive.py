"""A ZIP file that leaves in pieces while it is being written, the same bytes for the same files in the same order."""

import hashlib
import io
import zipfile
from datetime import datetime
from typing import Any, cast

_EARLIEST = (1980, 1, 1, 0, 0, 0)  # of the format
_READABLE_FILE = 0o100644 << 16


class Archive:
    """Files are added whole, one after the other, below `folder`; `take` gives what has been written since the last time.

    Sizes and check sums stand in front of each file, where readers that cannot go back look for them: a plain stream would have
    them behind, and some programs cannot open that.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._tail = _Tail()
        self._zip = zipfile.ZipFile(cast("Any", self._tail), "w")
        self._sums: list[str] = []
        self.pending_bytes = 0

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        """An archive that was not finished is let go of: left alone it would try to finish itself when it is collected."""
        self._zip.fp = None

    def add(self, name: str, body: bytes, at: datetime, *, packed: bool = True) -> None:
        """A file `name` within the folder, dated `at`, written as it reads there. PDFs are packed already: `packed=False`."""
        self._write(name, body, at, packed=packed)
        self._sums.append(f"{hashlib.sha256(body).hexdigest()}  {name}\n")

    def finish(self, at: datetime) -> None:
        """Adds SHA256SUMS, in the form that `sha256sum -c` takes, and ends the archive."""
        self._write("SHA256SUMS", "".join(self._sums).encode(), at, packed=True)
        self._zip.close()
        self.pending_bytes = self._tail.length

    def take(self) -> bytes:
        """What was written since the last time. It will not change any more."""
        self.pending_bytes = 0
        return self._tail.take()

    def _write(self, name: str, body: bytes, at: datetime, *, packed: bool) -> None:
        moment = (at.year, at.month, at.day, at.hour, at.minute, at.second // 2 * 2)
        info = zipfile.ZipInfo(f"{self._folder}/{name}", max(moment, _EARLIEST))
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.create_system = 3  # whatever the machine: it says how to read the next line
        info.external_attr = _READABLE_FILE
        self._zip.writestr(info, body)
        self.pending_bytes = self._tail.length


class _Tail(io.RawIOBase):
    """The end of a file of which the beginning has been taken away: positions are those of the whole."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._before = 0

    @property
    def length(self) -> int:
        return self._buffer.getbuffer().nbytes

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._before + self._buffer.tell()

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or position < self._before:
            raise OSError("this part of the file has been taken away")
        return self._before + self._buffer.seek(position - self._before)

    def write(self, data: Any) -> int:
        return self._buffer.write(data)

    def take(self) -> bytes:
        taken = self._buffer.getvalue()
        self._before += len(taken)
        self._buffer = io.BytesIO()
        return taken
