"""Wherever the server stands: everything about time and money again, under the clocks of other places."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ZONES = ("America/Juneau", "Pacific/Apia", "Asia/Kathmandu", "Europe/Lisbon")
SUITES = ("calendar", "cancellation", "document_line", "dunning", "invoice", "pause", "proration", "refund", "reminder", "subscription")


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_the_servers_zone_does_not_matter() -> None:
    here = Path(__file__).parent
    files = [str(here / f"test_{name}.py") for name in SUITES]
    for zone in ZONES:
        command = [sys.executable, "-m", "pytest", "-q", "-m", "not prove", *files]
        run = subprocess.run(command, cwd=here.parents[1], env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"TZ={zone}\n{run.stdout[-3000:]}"
    print(f"time zones: {len(SUITES)} suites of time and money pass under TZ={', '.join(ZONES)}")
