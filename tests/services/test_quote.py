"""A quote comes back as it went, to the same buyer, about the same subscription, in time; or not at all."""

import base64
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.proration import PlanChange
from portico.domain.scope import BuyerScope
from portico.domain.subscription import NextCharge
from portico.services import quote
from portico.services.quote import Quote, Stale
from tests.conftest import NOW

SECRET = b"a secret of the tests"
ADA = BuyerScope("STO_1", "prod", "BUY_1")
SUBSCRIPTION = "SUB_1"
CHANGE = PlanChange(
    timing="now", direction="upgrade", at=NOW, product_id="PROD_1", product_name="Pro", interval="month", quantity=2, unit_minor=2000,
    currency="EUR", lines=(), taxes=(), net_minor=500, tax_minor=95, total_minor=595, anchor=NOW, period_index=0, period_start=NOW,
    period_end=NOW + timedelta(days=30), new_period=False, next_charge=NextCharge(NOW + timedelta(days=30), 4000, 760, 4760, "EUR"),
)  # fmt: skip
SEALED = quote.seal(SECRET, ADA, SUBSCRIPTION, 7, CHANGE, at=NOW)


def why(sealed: str, *, scope: BuyerScope = ADA, secret: bytes = SECRET, about: str = SUBSCRIPTION, now: datetime = NOW) -> str:
    with pytest.raises(Stale) as stale:
        quote.unseal(secret, scope, about, sealed, now=now)
    return stale.value.code


def test_it_comes_back_as_it_went() -> None:
    found = quote.unseal(SECRET, ADA, SUBSCRIPTION, SEALED, now=NOW)
    assert (found.subscription_id, found.version, found.product_id, found.quantity, found.at) == (SUBSCRIPTION, 7, "PROD_1", 2, NOW)
    assert (found.timing, found.net_minor, found.tax_minor, found.total_minor, found.currency) == ("now", 500, 95, 595, "EUR")
    quote.hold(found, 7, CHANGE)


def test_it_fits_a_form_and_an_address() -> None:
    assert len(SEALED) < 800
    assert set(SEALED) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize(
    "scope",
    [
        replace(ADA, buyer_id="BUY_2"),
        replace(ADA, store_id="STO_2"),
        replace(ADA, environment="test"),
        BuyerScope("STO_", "prod", "1BUY_1"),
    ],
)
def test_it_is_its_buyers_alone(scope: BuyerScope) -> None:
    assert why(SEALED, scope=scope) == "quote_unreadable"


def test_it_is_for_one_subscription_and_one_installation() -> None:
    assert why(SEALED, about="SUB_2") == "quote_unreadable"
    assert why(SEALED, secret=b"another") == "quote_unreadable"


@pytest.mark.parametrize(("seconds", "microseconds", "good"), [(0, 0, True), (599, 999_999, True), (600, 0, False), (0, -1, False)])
def test_it_is_good_for_ten_minutes_and_not_before_it_was_made(seconds: int, microseconds: int, good: bool) -> None:
    now = NOW + timedelta(seconds=seconds, microseconds=microseconds)
    if good:
        quote.unseal(SECRET, ADA, SUBSCRIPTION, SEALED, now=now)
    else:
        assert why(SEALED, now=now) == "quote_expired"


@pytest.mark.parametrize(
    "sealed",
    ["", ".", "é.é", "a" * 100_000, SEALED + "x", SEALED[:-2], SEALED.replace(".", ""), "." + SEALED, "AAAA." + SEALED.partition(".")[2]],
)
def test_what_is_not_ours_is_not_read(sealed: str) -> None:
    assert why(sealed) == "quote_unreadable"


@given(place=st.integers(0, len(SEALED.partition(".")[0]) * 6 // 8 - 1), flip=st.integers(1, 255))
def test_no_byte_of_it_can_be_changed(place: int, flip: int) -> None:
    payload, _, signature = SEALED.partition(".")
    raw = bytearray(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    raw[place % len(raw)] ^= flip
    assert why(f"{base64.urlsafe_b64encode(bytes(raw)).rstrip(b'=').decode()}.{signature}") == "quote_unreadable"


def test_a_value_sealed_for_another_purpose_is_no_quote() -> None:
    """The key is derived for quotes alone, also when the bytes are those of one."""
    from portico.web import seal

    assert why(seal.seal(SECRET, "plan change quote", {"subscription_id": SUBSCRIPTION})) == "quote_unreadable"


MOVED: dict[str, PlanChange] = {
    "timing": replace(CHANGE, timing="period_end"),
    "direction": replace(CHANGE, direction="same"),
    "at": replace(CHANGE, at=NOW + timedelta(microseconds=1)),
    "name": replace(CHANGE, product_name="Pro 2"),
    "interval": replace(CHANGE, interval="year"),
    "quantity": replace(CHANGE, quantity=3),
    "price": replace(CHANGE, unit_minor=2001),
    "tax": replace(CHANGE, tax_minor=96, total_minor=596),
    "period": replace(CHANGE, period_end=NOW + timedelta(days=31)),
    "next charge": replace(CHANGE, next_charge=replace(CHANGE.next_charge, total_minor=4761)),
}


@pytest.mark.parametrize("what", MOVED)
def test_whatever_is_not_as_it_was_shown_is_noticed(what: str) -> None:
    found = quote.unseal(SECRET, ADA, SUBSCRIPTION, SEALED, now=NOW)
    with pytest.raises(Stale) as stale:
        quote.hold(found, 7, MOVED[what])
    assert stale.value.code == "quote_moved"


def test_another_version_is_noticed() -> None:
    found: Quote = quote.unseal(SECRET, ADA, SUBSCRIPTION, SEALED, now=NOW)
    with pytest.raises(Stale):
        quote.hold(found, 8, CHANGE)
