"""The bank keeps its word, and its books, whatever becomes of the process."""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from portico.domain.errors import NotFound, PorticoError
from portico.sandbox import answers, cards
from portico.sandbox.bank import SETUP_LIVES, Bank
from portico.sandbox.records import BadRequest, CardRefused, ChargeRequest, KeyReused, RefundRequest, SetupRequest
from portico.sandbox.webhooks import LATE_SECONDS
from tests.conftest import SteppingClock

SETUP = SetupRequest("SET_1", "anna@example.com", "https://portal.test/done?a=1", "https://portal.test/back")
OpenBank = Callable[[], Bank]


@pytest.fixture
def reopen(tmp_path: Path, clock: SteppingClock) -> OpenBank:
    """Opens the bank of one and the same ledger file."""
    return lambda: Bank(tmp_path / "books" / "ledger.jsonl", clock, random.Random(7).randbytes)


def request_of(bank: Bank, number: str = cards.SUCCESS, key: str = "PAY_1-1", **more: object) -> ChargeRequest:
    card = bank.save_card("anna@example.com", number)
    asked = ChargeRequest(
        key, 2900, "EUR", card.customer, card.id, on_session=True, return_url="https://portal.test/back", metadata={"a": "b"}
    )
    return replace(asked, **more)  # type: ignore[arg-type]


def test_a_bank_that_is_opened_again_knows_what_it_knew(reopen: OpenBank, clock: SteppingClock) -> None:
    bank = reopen()
    asked = [
        request_of(bank, number, key=f"PAY_{n}-1") for n, number in enumerate((cards.SUCCESS, cards.CONFIRMS, cards.INSUFFICIENT_FUNDS))
    ]
    charges = [bank.charge(one) for one in asked]
    confirmed = bank.confirm_charge(charges[1].id, approved=True)
    refund = bank.refund(RefundRequest("REF_1", charges[0].id, 1000, "EUR"), outcome="pending")
    setup = bank.complete_setup(bank.open_setup(SETUP).id, cards.SUCCESS)
    books = (bank.captures(), bank.refunds(), bank.ledger())
    bank.close()

    clock.advance(days=1)
    again = reopen()
    assert (again.captures(), again.refunds(), again.ledger()) == books
    assert [again.charge(one) for one in asked] == [charges[0], confirmed, charges[2]]
    assert again.refund(refund.request) == refund
    assert again.setup(setup.id) == setup
    assert again.open_setup(SETUP) == setup
    assert again.ledger() == books[2], "asking again added nothing"
    assert again.given_back_minor(charges[0].id) == 1000
    again.close()


def test_a_line_that_was_cut_off_while_it_was_written_never_happened(reopen: OpenBank, tmp_path: Path) -> None:
    bank = reopen()
    asked = request_of(bank)
    bank.close()
    file = tmp_path / "books" / "ledger.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"sequence":3,"at":"2026-03-14T')
    again = reopen()
    assert file.read_bytes() == whole
    assert again.find_charge(asked.key) is None
    assert again.charge(asked).status == "succeeded"
    again.close()
    final = reopen()
    assert [capture.key for capture in final.captures()] == [asked.key]
    final.close()


@pytest.mark.parametrize(
    "spoil", [lambda lines: lines[1:], lambda lines: [*lines, lines[-1]], lambda lines: [b"{}", *lines], lambda lines: [b"x"]]
)
def test_books_that_were_changed_by_hand_are_not_believed(
    reopen: OpenBank, tmp_path: Path, spoil: Callable[[list[bytes]], list[bytes]]
) -> None:
    bank = reopen()
    bank.charge(request_of(bank))
    bank.close()
    file = tmp_path / "books" / "ledger.jsonl"
    file.write_bytes(b"\n".join(spoil(file.read_bytes().splitlines())) + b"\n")
    with pytest.raises(PorticoError, match="ledger"):
        reopen()


def test_two_banks_never_keep_one_ledger(reopen: OpenBank) -> None:
    bank = reopen()
    with pytest.raises(PorticoError, match="another sandbox"):
        reopen()
    bank.close()
    reopen().close()


def test_a_disk_that_refuses_a_line_leaves_the_books_as_they_were(
    reopen: OpenBank, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bank = reopen()
    asked = request_of(bank)
    before = (tmp_path / "books" / "ledger.jsonl").read_bytes()

    def refuse(_descriptor: int) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("portico.sandbox.ledger.os.fsync", refuse)
        with pytest.raises(OSError, match="no space"):
            bank.charge(asked)
    assert bank.find_charge(asked.key) is None
    assert (tmp_path / "books" / "ledger.jsonl").read_bytes() == before
    assert bank.charge(asked).status == "succeeded"
    bank.close()


def test_no_number_but_a_test_cards_gets_into_the_books(reopen: OpenBank, tmp_path: Path) -> None:
    bank = reopen()
    setup = bank.open_setup(SETUP)
    for number in ("4111111111111111", "5105105105105100", "", "4242"):
        with pytest.raises(CardRefused, match="not_a_test_card"):
            bank.complete_setup(setup.id, number)
    bank.close()
    assert b"4111" not in (tmp_path / "books" / "ledger.jsonl").read_bytes()


@pytest.mark.parametrize("number", [cards.DECLINED, cards.EXPIRED, cards.LOST])
def test_a_card_that_is_refused_can_be_replaced(bank: Bank, number: str) -> None:
    setup = bank.open_setup(SETUP)
    with pytest.raises(CardRefused, match=cards.BY_NUMBER[number].refusal):
        bank.complete_setup(setup.id, number)
    assert bank.setup(setup.id).status == "open"
    assert bank.complete_setup(setup.id, cards.SUCCESS).status == "completed"


def test_a_visit_is_completed_once(bank: Bank) -> None:
    setup = bank.open_setup(SETUP)
    first = bank.complete_setup(setup.id, cards.SUCCESS)
    assert bank.complete_setup(setup.id, cards.CONFIRMS) == first


def test_a_visit_lasts_a_day(bank: Bank, clock: SteppingClock) -> None:
    setup = bank.open_setup(SETUP)
    clock.time += SETUP_LIVES - timedelta(microseconds=1)
    assert bank.setup(setup.id).status == "open"
    clock.time += timedelta(microseconds=1)
    assert bank.complete_setup(setup.id, cards.SUCCESS).status == "expired"
    assert bank.open_setup(SETUP).status == "expired"


def test_a_visit_of_nobody_is_not_found(bank: Bank) -> None:
    with pytest.raises(NotFound):
        bank.setup("setup_of_nobody")


def test_another_visit_with_the_same_key_is_refused(bank: Bank) -> None:
    bank.open_setup(SETUP)
    with pytest.raises(KeyReused):
        bank.open_setup(replace(SETUP, email="eve@example.com"))


@pytest.mark.parametrize(
    "url", ["", "/back", "javascript:alert(1)", "https://portal.test;script-src/x", "ftp://portal.test/", "https://a b/"]
)
def test_a_page_leads_nowhere_but_to_a_web_address(bank: Bank, url: str) -> None:
    for change in ({"return_url": url}, {"cancel_url": url}):
        with pytest.raises(BadRequest):
            bank.open_setup(replace(SETUP, **change))
    with pytest.raises(BadRequest):
        bank.charge(request_of(bank, return_url=url))


@pytest.mark.parametrize("change", [{"amount_minor": 0}, {"amount_minor": -1}, {"currency": "XXX"}, {"currency": "eur"}])
def test_an_amount_is_positive_and_in_a_currency(bank: Bank, change: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        bank.charge(request_of(bank, **change))
    paid = bank.charge(request_of(bank))
    with pytest.raises(BadRequest):
        bank.refund(replace(RefundRequest("REF_1", paid.id, 1, "EUR"), **change))  # type: ignore[arg-type]


def test_a_refund_in_another_currency_fails(bank: Bank) -> None:
    paid = bank.charge(request_of(bank))
    assert bank.refund(RefundRequest("REF_1", paid.id, 100, "USD")).status == "failed"


def test_a_pending_refund_is_set_aside_and_a_failed_one_is_free_again(bank: Bank) -> None:
    paid = bank.charge(request_of(bank))
    pending = bank.refund(RefundRequest("REF_1", paid.id, 2000, "EUR"), outcome="pending")
    assert bank.refund(RefundRequest("REF_2", paid.id, 901, "EUR")).status == "failed"
    assert bank.end_refund(pending.id, "failed").status == "failed"
    assert bank.end_refund(pending.id, "succeeded").status == "failed", "it is over"
    assert bank.refund(RefundRequest("REF_3", paid.id, 2900, "EUR")).status == "succeeded"


@pytest.mark.parametrize("number", [card.number for card in cards.CARDS])
@pytest.mark.parametrize("on_session", [True, False])
def test_each_test_card_does_what_it_says(bank: Bank, number: str, on_session: bool) -> None:
    card = cards.BY_NUMBER[number]
    charge = bank.charge(request_of(bank, number, on_session=on_session))
    if card.refusal:
        assert (charge.status, charge.refusal) == ("failed", card.refusal)
    elif card.confirms:
        wanted = ("requires_action", None) if on_session else ("failed", "authentication_required")
        assert (charge.status, charge.refusal) == wanted
    else:
        assert (charge.status, charge.refusal) == ("succeeded", None)
    assert len(bank.captures()) == (charge.status == "succeeded")


def test_a_card_may_die_and_look_the_same(bank: Bank) -> None:
    asked = request_of(bank)
    changed = bank.change_card(asked.method, cards.LOST)
    assert (changed.last4, changed.brand) == ("4242", "visa")
    assert bank.charge(asked).refusal == "lost_card"


def test_cards_expire_years_from_now_or_when_asked(bank: Bank, clock: SteppingClock) -> None:
    expiry = {number: bank.save_card("anna@example.com", number) for number in (cards.SUCCESS, cards.EXPIRES_SOON)}
    assert (expiry[cards.SUCCESS].expiry_month, expiry[cards.SUCCESS].expiry_year) == (7, 2029)
    assert (expiry[cards.EXPIRES_SOON].expiry_month, expiry[cards.EXPIRES_SOON].expiry_year) == (4, 2026)
    clock.time = clock.time.replace(month=12)
    december = bank.save_card("anna@example.com", cards.EXPIRES_SOON)
    assert (december.expiry_month, december.expiry_year) == (1, 2027)
    chosen = bank.save_card("anna@example.com", expiry=(5, 2026))
    assert (chosen.expiry_month, chosen.expiry_year) == (5, 2026)


def test_the_test_cards_have_numbers_that_could_be_cards() -> None:
    def luhn(number: str) -> int:
        doubled = [int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(number))]
        return sum(d - 9 if d > 9 else d for d in doubled) % 10

    assert [card.number for card in cards.CARDS if luhn(card.number) or len(card.number) != 16] == []
    assert len(cards.BY_NUMBER) == len(cards.CARDS)


def test_the_books_are_lines_of_json(reopen: OpenBank, tmp_path: Path) -> None:
    bank = reopen()
    bank.charge(request_of(bank))
    bank.close()
    lines = [msgspec.json.decode(line) for line in (tmp_path / "books" / "ledger.jsonl").read_bytes().splitlines()]
    assert [(line["sequence"], line["type"]) for line in lines] == [(1, "customer.created"), (2, "card.saved"), (3, "charge.succeeded")]


def test_events_have_ids_of_their_own_that_stay(reopen: OpenBank) -> None:
    bank = reopen()
    charge = bank.charge(request_of(bank, cards.CONFIRMS))
    bank.confirm_charge(charge.id, approved=True)
    told = _told(bank)
    assert [event["type"] for event in told] == ["charge.requires_action", "charge.succeeded"]
    assert len({event["id"] for event in told}) == 2
    bank.close()
    again = reopen()
    assert _told(again) == told
    again.close()


def _told(bank: Bank) -> list[dict[str, object]]:
    return [event for entry in bank.ledger() if (event := answers.of_event(entry, "https://bank.test"))]


def test_the_documentation_lists_every_test_card_with_how_late_late_is() -> None:
    text = (Path(__file__).parents[2] / "docs" / "gateways.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\d{4} \d{4} \d{4} \d{4}) \|", text, flags=re.MULTILINE)
    assert sorted(cards.digits(number) for number in listed) == sorted(cards.BY_NUMBER)
    assert f"{LATE_SECONDS} seconds late" in text
