"""A mark is nothing to anybody, and the end of a process that was started to end there."""

import os
import re
import signal
import subprocess
import sys

import pytest

from portico.services import marks
from tests.architecture import source

PASS_IT = "from portico.services import marks; [(marks.here('settling'), print(n, flush=True)) for n in range(3)]"


@pytest.mark.parametrize(
    ("crash_at", "code", "lived"),
    [("", 0, "012"), ("settled", 0, "012"), ("settling", -signal.SIGKILL, ""), ("settling:3", -signal.SIGKILL, "01")],
)
def test_a_process_ends_where_it_was_told_to(crash_at: str, code: int, lived: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PASS_IT],
        env={**os.environ, "PORTICO_CRASH_AT": crash_at},
        cwd=source.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.replace("\n", "")) == (code, lived)


def test_every_mark_is_somewhere_in_the_code_and_nowhere_else() -> None:
    placed = re.findall(r'marks\.here\("([a-z_]+)"\)', "\n".join(path.read_text(encoding="utf-8") for path in source.modules()))
    assert set(placed) == set(marks.NAMES)
