"""Which webhooks were taken already, one JSON line each, in a file beside the ledger. A line that is lost costs one webhook that is
sent again, which every receiver must bear anyway, so nothing here waits for the disk."""

from pathlib import Path
from typing import Any

import msgspec


class Deliveries:
    """For each address: the line of the ledger it joined at, and the lines it has been told of since. Without a file nothing is
    remembered."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._joined: dict[str, int] = {}
        self._done: dict[str, set[int]] = {}
        for line in file.read_bytes().splitlines() if file is not None and file.exists() else []:
            try:
                said: dict[str, Any] = msgspec.json.decode(line)
            except msgspec.DecodeError:  # cut off while being written
                continue
            if "joined" in said:
                self._joined[said["url"]] = said["joined"]
            else:
                self._done.setdefault(said["url"], set()).add(said["done"])

    def waiting(self, url: str, last: int) -> set[int]:
        """The lines up to `last` that the address has not been told of yet; one seen for the first time joins here."""
        if url not in self._joined:
            self._joined[url] = last
            self._write(url=url, joined=last)
        return set(range(self._joined[url] + 1, last + 1)) - self._done.get(url, set())

    def done(self, url: str, sequence: int) -> None:
        self._done.setdefault(url, set()).add(sequence)
        self._write(url=url, done=sequence)

    def _write(self, **said: object) -> None:
        if self._file is not None:
            with self._file.open("ab") as opened:
                opened.write(msgspec.json.encode(said) + b"\n")
