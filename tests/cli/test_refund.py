"""`portico refund`: what buyers ask back, and the answer."""

import pytest

from portico import cli
from portico.cli import console
from portico.domain.payment import RefundTicket
from portico.domain.tax import TaxPolicy
from portico.services import refund
from portico.storage import refund_ticket
from tests.services.corrections import VIENNA, adopt, correct
from tests.services.shop import Shop

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def ticket(configured: Shop) -> RefundTicket:
    (paid,) = configured.payments(configured.subscribe("starter"))
    return refund.ask(configured.runtime, configured.ada, paid.id, "5", "Not what\nI wanted")


def now_is(shop: Shop, ticket: RefundTicket) -> RefundTicket:
    with shop.runtime.database.read() as connection:
        return refund_ticket.get(connection, shop.ada, ticket.id)


def test_what_waits_is_listed_in_a_line_each(configured: Shop, ticket: RefundTicket, capsys: Captured) -> None:
    assert cli.run(["refund", "list"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.split("\t") == [
        ticket.id, "nordlicht-plans", "prod", "pending", "money", "5.00", "EUR", ticket.payment_id, "2026-04-01T00:00:00+00:00",
        "Not what I wanted",
    ]  # fmt: skip


def test_tax_on_its_way_back_is_listed_too(configured: Shop, ticket: RefundTicket, capsys: Captured) -> None:
    adopt(configured, TaxPolicy(refund_tax=True))
    (paid,) = configured.payments(configured.subscribe("starter"))
    refund_id = correct(configured, paid, VIENNA).refund_id
    assert cli.run(["refund", "list"]) == 0
    _, line = capsys.readouterr().out.splitlines()
    assert line.split("\t") == [
        refund_id, "nordlicht-plans", "prod", "pending", "tax", "1.90", "EUR", paid.id, "2026-04-01T00:00:00+00:00", "",
    ]  # fmt: skip


def test_what_a_buyer_writes_is_no_markup(configured: Shop, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    (paid,) = configured.payments(configured.subscribe("starter"))
    refund.ask(configured.runtime, configured.ada, paid.id, "5", "[/] [conceal]x[/conceal]")
    monkeypatch.setattr(console.out, "_force_terminal", True)
    monkeypatch.setattr(console.out, "_width", 400)
    assert cli.run(["refund", "list"]) == 0
    assert "[/] [conceal]x[/conceal]" in capsys.readouterr().out


def test_granted_it_is_on_its_way(configured: Shop, ticket: RefundTicket, capsys: Captured) -> None:
    assert cli.run(["refund", "approve", ticket.id, "--note", "Of course"]) == 0
    assert "the refund is REF_" in capsys.readouterr().out
    assert (now_is(configured, ticket).status, now_is(configured, ticket).note) == ("approved", "Of course")
    assert len(configured.jobs(refund.JOB)) == 1
    assert cli.run(["refund", "approve", ticket.id]) == 2
    assert "decided already" in capsys.readouterr().err


def test_declined_it_is_off_the_list(configured: Shop, ticket: RefundTicket, capsys: Captured) -> None:
    assert cli.run(["refund", "reject", ticket.id, "--note", "Too late"]) == 0
    assert cli.run(["refund", "list"]) == 0
    assert capsys.readouterr().out == f"Rejected {ticket.id}.\n"
    assert cli.run(["refund", "reject", ticket.id]) == 2


@pytest.mark.parametrize("command", ["approve", "reject"])
def test_bad_input_is_said_in_a_line_and_decides_nothing(configured: Shop, ticket: RefundTicket, command: str, capsys: Captured) -> None:
    for arguments, words in (
        (["TKT_0000000000000000000000"], "there is no request"),
        (["nonsense"], "there is no request"),
        ([ticket.id, "--note", "x" * 501], "--note must be"),
        ([ticket.id, "--note", "4242 4242 4242 4242"], "--note must be"),
        ([], "requires an argument"),
    ):
        assert cli.run(["refund", command, *arguments]) == 2
        said = capsys.readouterr().err
        assert words in said
        assert "Traceback" not in said
    assert now_is(configured, ticket).status == "pending"


def test_without_a_provider_it_is_said_what_to_do(
    configured: Shop, ticket: RefundTicket, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("PORTICO_PROD_GATEWAY", "none")
    for command in (["approve", ticket.id], ["sync", ticket.payment_id]):
        assert cli.run(["refund", *command]) == 2
        assert "no payment provider" in capsys.readouterr().err


def test_nothing_is_said_of_refunds_without_the_providers_answer(configured: Shop, ticket: RefundTicket, capsys: Captured) -> None:
    for payment_id, words in ((ticket.payment_id, "does not answer"), ("PAY_0000000000000000000000", "there is no payment")):
        assert cli.run(["refund", "sync", payment_id]) == 2
        assert words in capsys.readouterr().err
