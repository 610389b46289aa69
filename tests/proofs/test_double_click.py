"""Impatient buyers: the same form is sent up to fifty times, by raw sockets whose last bytes leave together, to a real server. One
takes effect, the others are told so, and the bank sees one charge."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from portico.sandbox import cards
from portico.services import charging, renewal
from portico.storage import tables
from portico.storage.database import Database
from tests.conftest import DIALECTS, OpenFresh
from tests.proofs.clicks import Browser, sign_in
from tests.proofs.portal import served
from tests.services.shop import START, Shop


@dataclass(frozen=True, slots=True)
class Clicks:
    """One buyer and his portal; every round is a subscription of its own, and checks what came of it."""

    shop: Shop
    browser: Browser

    def upgrade(self, times: int, fault: str = "") -> Counter[int]:
        """Confirms a change to a dearer plan: one change, one capture."""
        shop, subscription_id = self.shop, self.shop.subscribe("starter")
        review = f"/subscriptions/{subscription_id}/change/review?plan={shop.plans['pro']}&quantity=1"
        form = self.browser.form(review, f"/subscriptions/{subscription_id}/change")
        if fault:
            shop.gateway.faults.append(fault)
        met = self.browser.click(f"/subscriptions/{subscription_id}/change", form, times)
        changes = [payment for payment in shop.payments(subscription_id) if payment.purpose == "change"]
        assert len(changes) == 1, changes
        charging.charge(shop.runtime, f"{changes[0].id}-1")  # where the answer got lost: what the job does
        assert self._captures(changes[0].id) == 1
        assert shop.read(subscription_id).product_id == shop.plans["pro"]
        return met

    def cancel(self, times: int) -> Counter[int]:
        """Cancels: once, and everybody is told the same."""
        subscription_id = self.shop.subscribe("starter")
        path = f"/subscriptions/{subscription_id}/cancel"
        met = self.browser.click(path, self.browser.form(path, path), times)
        assert self.shop.read(subscription_id).status == "canceling"
        assert self._count(tables.cancellation, tables.cancellation.c.subscription_id == subscription_id) == 1
        return met

    def pay(self, times: int, fault: str = "") -> Counter[int]:
        """Pays what is overdue: one more try, one capture."""
        shop, subscription_id = self.shop, self._overdue()
        owed = shop.payments(subscription_id)[-1].id
        form = self.browser.form(f"/subscriptions/{subscription_id}", f"/subscriptions/{subscription_id}/pay")
        if fault:
            shop.gateway.faults.append(fault)
        met = self.browser.click(f"/subscriptions/{subscription_id}/pay", form, times)
        charging.charge(shop.runtime, f"{owed}-2")
        assert [attempt.status for attempt in shop.payments(subscription_id)[-1].attempts] == ["failed", "succeeded"]
        assert self._captures(owed) == 1
        assert shop.read(subscription_id).status == "active"
        return met

    def refund(self, times: int) -> Counter[int]:
        """Asks for money back: one request."""
        payment_id = self.shop.payments(self.shop.subscribe("starter"))[0].id
        path = f"/payments/{payment_id}/refund"
        form = self.browser.form(path, path) | {"amount": "1.00", "reason": "Not used"}
        met = self.browser.click(path, form, times)
        assert self._count(tables.refund_ticket, tables.refund_ticket.c.payment_id == payment_id) == 1
        return met

    def _overdue(self) -> str:
        """A subscription whose trial is over and whose card had no money for the first period; now it has."""
        shop = self.shop
        card = shop.gateway.save_card("ada@example.com", cards.INSUFFICIENT_FUNDS)
        subscription_id = shop.subscribe("starter", card=card, status="trialing", trial_end=START)
        renewal.sweep(shop.runtime)
        charging.charge(shop.runtime, f"{shop.payments(subscription_id)[0].id}-1")
        shop.gateway.bank.change_card(card.method, cards.SUCCESS)
        return subscription_id

    def _captures(self, payment_id: str) -> int:
        return sum(capture.key.startswith(f"{payment_id}-") for capture in self.shop.gateway.bank.captures())

    def _count(self, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
        with self.shop.runtime.database.read() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(table).where(where)).scalar_one()


def _click(database: Database, folder: Path, sizes: Sequence[int]) -> Counter[int]:
    """A round of each kind for each number of clicks; how often each status was the answer."""
    met: Counter[int] = Counter()
    with served(database, folder) as shop:
        clicks = Clicks(shop, sign_in(shop.runtime, f"{shop.runtime.origin}/nordlicht-plans/portal", shop.ada))
        for place, times in enumerate(sizes):
            fault = ("", "timeout_after", "", "timeout_before")[place % 4]
            rounds = [clicks.upgrade(times, fault), clicks.cancel(times), clicks.pay(times, fault), clicks.refund(times)]
            for answers in rounds:
                assert answers.keys() <= {303, 409}, answers
                assert answers[303] >= 1, answers
                assert answers.total() == times
                met += answers
        shop.is_sound()
    return met


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_form_that_is_sent_often_takes_effect_once(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    open_fresh: OpenFresh = request.getfixturevalue(f"{dialect}_databases")
    with open_fresh(True) as database:
        assert _click(database, tmp_path, (2, 20)).total() == 88


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_thousands_of_clicks(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    open_fresh: OpenFresh = request.getfixturevalue(f"{dialect}_databases")
    with open_fresh(True) as database:
        met = _click(database, tmp_path, range(2, 51))
    told = f"{met.total():,} clicks on {4 * 49} forms, {met[303]:,} answered 303, {met[409]:,} answered 409"
    print(f"double clicks, {dialect}: {told}: each form took effect once, 0 second captures")
