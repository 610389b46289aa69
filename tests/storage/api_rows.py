"""One row of everything that the API adds, for a buyer of a store: what several tests begin with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portico.domain.billing_detail import BillingDetail
from portico.domain.checkout import CheckoutSession
from portico.domain.event import Event, EventType
from portico.domain.portal_session import LIFETIME, PortalSession
from portico.domain.scope import BuyerScope
from portico.domain.webhook import Attempt, Delivery, Endpoint
from portico.storage import checkout, event, idempotency, portal_session, signing_key, webhook_delivery, webhook_endpoint
from portico.storage.idempotency import Claim
from tests.factories import Factory

HASH = b"\7" * 32


@dataclass(frozen=True)
class ApiRows:
    """Ids of what was kept. The checkout `placed` waits for `order`; `open` has seen nobody. The requests are claimed by `claim`, which
    has not ended, and `answered`, which has."""

    open: str
    placed: str
    order: str
    link: str
    event: str
    endpoint: str
    delivery: str
    claim: Claim
    answered: Claim


def link(scope: BuyerScope, link_id: str, now: datetime) -> PortalSession:
    return PortalSession(link_id, scope.buyer_id, "overview", None, None, "https://shop.example/account", "de", now, now + LIFETIME, None)


def offer(product_id: str, checkout_id: str, now: datetime, **columns: Any) -> CheckoutSession:
    """A checkout that is open."""
    values: dict[str, Any] = {
        "id": checkout_id, "buyer_id": None, "email": None, "product_id": product_id, "product_name": "Atlas", "product_version": 1,
        "kind": "one_time", "quantity": 1, "currency": "EUR", "unit_minor": 2900, "price_is_own": True, "trial_days": 0,
        "billing_detail": None, "locale": None, "theme": None, "success_url": None, "cancel_url": None, "order_external_id": None,
        "status": "open", "order_id": None, "created_at": now, "expires_at": now + timedelta(minutes=45),
    }  # fmt: skip
    return CheckoutSession(**values | columns)


def happening(scope: BuyerScope, event_id: str, now: datetime, type: EventType = "order.completed") -> Event:  # noqa: A002
    return Event(event_id, type, "ORD_1", scope.buyer_id, now, {"order_id": "ORD_1"})


def endpoint(endpoint_id: str, now: datetime) -> Endpoint:
    return Endpoint(endpoint_id, "https://shop.example/hook", "", "standard", (), "enabled", None, 1, None, now)


def delivery(delivery_id: str, endpoint_id: str, event_id: str, now: datetime, replay_of_id: str | None = None) -> Delivery:
    return Delivery(delivery_id, endpoint_id, event_id, "order.completed", replay_of_id, "pending", 0, now, now, None)


def kept(tx: sa.Connection, scope: BuyerScope, factory: Factory, order_id: str, product_id: str) -> ApiRows:
    """Keeps one of everything; `order_id` is an order of the buyer's of this product that waits for its payment."""
    now = factory.now
    ids = [factory.new_id(prefix) for prefix in ("CHK", "CHK", "PSN", "EVT", "WHE", "WHD")]
    claims = (Claim("native", factory.new_id("KEY"), now), Claim("native", factory.new_id("KEY"), now))
    rows = ApiRows(ids[0], ids[1], order_id, *ids[2:], *claims)  # type: ignore[arg-type]
    checkout.create(tx, scope, offer(product_id, rows.open, now, metadata={"cart": "7"}))
    checkout.create(tx, scope, offer(product_id, rows.placed, now))
    detail = BillingDetail(country="DE", name="Ada Lovelace")
    given = {"email": "ada@example.com", "billing_detail": detail, "order_id": order_id, "locale": "de", "trial_days": 0}
    assert checkout.place(tx, scope, rows.placed, **given, now=now, until=now + timedelta(hours=1))
    portal_session.create(tx, scope, link(scope, rows.link, now), rows.link.encode().ljust(32)[:32])
    event.insert_dispatched(tx, scope, happening(scope, rows.event, now), now)
    webhook_endpoint.create(tx, scope, endpoint(rows.endpoint, now))
    webhook_delivery.create(tx, [(scope, delivery(rows.delivery, rows.endpoint, rows.event, now), "{}")])
    failed = Attempt(1, now, 500, None, 12)
    assert webhook_delivery.attempt(tx, rows.delivery, failed, status="pending", next_at=now, now=now)
    for claim in claims:
        idempotency.begin(tx, scope, claim, request_hash=HASH, keeps_for_ever=False)
    idempotency.finish(tx, scope, rows.answered, status=201, headers={"X": "y"}, body=b"{}", now=now)
    signing_key.put(tx, scope, private_key=b"sealed", public_key="PEM", now=now)
    return rows
