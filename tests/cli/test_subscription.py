"""`portico subscription`: how one stands, and another chance for one that was set aside."""

import pytest

from portico import cli
from portico.services import cancellation
from portico.storage import subscription as subscriptions
from tests.services.shop import Shop

Captured = pytest.CaptureFixture[str]


def test_everything_about_one_is_shown_and_nothing_about_its_buyer(configured: Shop, capsys: Captured) -> None:
    subscription_id = configured.subscribe("starter")
    cancellation.cancel(configured.runtime, configured.ada, subscription_id, None, "")
    assert cli.run(["subscription", "show", subscription_id]) == 0
    shown = capsys.readouterr().out
    facts = dict(line.split("\t", 1) for line in shown.splitlines() if line.count("\t") == 1)
    assert facts["status"] == "canceling"
    assert facts["price"] == "10.00 EUR per month, plus 19 % tax"
    assert facts["taxed as"] == "standard"
    assert facts["planned"] == "cancel at 2026-05-01T00:00:00+00:00"
    assert facts["next step"] == "2026-05-01T00:00:00+00:00"
    assert "2026-04-01T00:00:00+00:00\tactive\tcanceling\tcanceled\tbuyer" in shown
    assert "period\tsucceeded\t11.90 EUR\t2026-04-01T00:00:00+00:00 to 2026-05-01T00:00:00+00:00\tsucceeded" in shown
    assert "ada@example.com" not in shown
    assert "Ada" not in shown


def test_one_that_was_set_aside_goes_on(configured: Shop, capsys: Captured) -> None:
    subscription_id = configured.subscribe("starter")
    with configured.runtime.database.transaction() as tx:
        subscriptions.hold(tx, configured.ada, subscription_id, reason="ValueError", now=configured.clock())
    assert cli.run(["subscription", "show", subscription_id]) == 0
    assert "held\t2026-04-01T00:00:00+00:00: ValueError" in capsys.readouterr().out
    assert cli.run(["subscription", "release", subscription_id]) == 0
    assert "due at 2026-05-01T00:00:00+00:00" in capsys.readouterr().out
    assert configured.read(subscription_id).held_at is None
    assert cli.run(["subscription", "release", subscription_id]) == 2
    assert "is not held" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["show", "release"])
def test_one_that_is_not_there_is_said_so(configured: Shop, command: str, capsys: Captured) -> None:
    assert cli.run(["subscription", command, "SUB_0000000000000000000000"]) == 2
    assert capsys.readouterr().err.startswith("portico: ")
