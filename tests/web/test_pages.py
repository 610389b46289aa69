"""Every page of the portal for a buyer with a history: what it shows, in which language, and at what cost."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portico.domain.errors import FieldError
from portico.i18n.languages import LANGUAGES
from portico.services.runtime import Runtime
from portico.storage.database import count_statements
from tests.factories import Factory
from tests.web.browser import Browser
from tests.web.conftest import BASE, EMAIL, TEST_BASE, Shop


@pytest.fixture
def order_id(factory: Factory, shop: Shop) -> str:
    order = factory.order(shop.buyer)
    factory.payment(shop.buyer, order, attempts=("failed", "succeeded"))
    return order


def test_the_overview_greets_a_new_buyer(ada: Browser) -> None:
    page = ada.get(BASE)
    assert page.status == 200
    assert EMAIL in page.text
    assert "No orders yet" in page.text


def test_orders_are_listed_with_their_payment(ada: Browser, order_id: str) -> None:
    page = ada.get(BASE + "/orders")
    assert page.status == 200
    assert f'href="{BASE}/orders/{order_id}"' in page.text
    assert "€34.51" in page.text
    assert "4242" in page.text
