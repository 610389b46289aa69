"""A worker that makes packs of files which cost nothing but time, to be killed: `python -m tests.jobs.pack_victim URL MAILBOX`."""

import sys
import time
from pathlib import Path

from portico.domain.invoice import Document
from portico.jobs import document_jobs
from portico.jobs.worker import Worker
from portico.services import document_file, pack
from tests.jobs.victim import make_runtime
from tests.services.test_pack import fake


def slow(found: Document, media_type: str, language: str, cii: bytes | None) -> bytes:
    time.sleep(0.02)
    return fake(found, media_type, language, cii, size=60_000)


if __name__ == "__main__":
    document_file.made_of = slow  # type: ignore[assignment]
    Worker(make_runtime(sys.argv[1], Path(sys.argv[2])), {pack.JOB: document_jobs.make_pack}, threads={"bulk": 1}, lease_seconds=1).start()
    time.sleep(60)
