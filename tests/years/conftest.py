"""A year that has not begun: its shop is open, its bank too, and nobody has bought anything."""

from pathlib import Path

import pytest

from portico.services.runtime import Runtime
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.years.year import Year


@pytest.fixture
def year(runtime: Runtime, gateway: BankGateway, clock: SteppingClock, tmp_path: Path) -> Year:
    return Year(runtime, gateway, clock, tmp_path / "mailbox")
