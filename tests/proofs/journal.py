"""What a buyer asked for and what he was told, line by line in a file, whoever is killed: a line is on its way to the disk, in the
hands of the system, before anything else happens."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, and its answer if there was one: facts, or {"refused": code}."""

    asked: Facts
    told: Facts | None


class Journal:
    """Of one buyer's browser; only one process writes it at a time."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def ask(self, request: Facts) -> None:
        self._write({"asked": request})

    def tell(self, answer: Facts) -> None:
        self._write({"told": answer})

    def _write(self, line: Facts) -> None:
        os.write(self._descriptor, json.dumps(line).encode() + b"\n")


def read(file: Path) -> Iterator[Exchange]:
    """Every exchange, in order; one that was repeated stands there again."""
    asked: Facts | None = None
    for line in file.read_bytes().splitlines() if file.exists() else ():
        said = json.loads(line)
        if "asked" in said:
            if asked is not None:
                yield Exchange(asked, None)
            asked = said["asked"]
        elif asked is not None:
            yield Exchange(asked, said["told"])
            asked = None
    if asked is not None:
        yield Exchange(asked, None)


def unanswered(file: Path) -> Facts | None:
    """The request that was under way when the process died: a browser that is loaded again sends it again."""
    exchanges = list(read(file))
    return exchanges[-1].asked if exchanges and exchanges[-1].told is None else None
