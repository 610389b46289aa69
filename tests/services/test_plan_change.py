"""Changing plan or quantity: shown, confirmed, charged, in effect."""

from datetime import timedelta

import pytest

from portico.domain.errors import Conflict, NotFound, Refused
from portico.services import plan_change
from portico.services.charging import Outcome
from tests.services.shop import START, Shop


def test_an_upgrade_is_charged_and_in_effect_at_once(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    shop.clock.advance(days=15)
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    assert (review.change.timing, review.change.net_minor, review.change.tax_minor, review.change.total_minor) == ("now", 500, 95, 595)
    done = plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)
    assert done.outcome == Outcome("succeeded")
    found = shop.read(subscription_id)
    assert (found.product_name, found.unit_minor, found.period_end) == ("pro", 2000, START + timedelta(days=30))
    assert found.due_at == found.period_end
    paid = shop.payments(subscription_id)[-1]
    assert (paid.id, paid.purpose, paid.status, paid.total_minor) == (done.payment_id, "change", "succeeded", 595)
    assert shop.taken() == 1190 + 595
    assert shop.mails() == ["plan_changed"]
    assert shop.jobs("charge") == []
    shop.is_sound()
