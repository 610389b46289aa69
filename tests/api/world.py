"""One of each thing that the API speaks of, in one environment of one store."""

import random
import re
from dataclasses import dataclass
from datetime import timedelta

from portico.api.operation import Operation
from portico.api.reference import _PREFIXES as PREFIXES
from portico.domain.billing_detail import BillingDetail
from portico.domain.checkout import CheckoutSession
from portico.domain.event import Event
from portico.domain.scope import BuyerScope, StoreScope
from portico.services.runtime import Runtime
from portico.storage import checkout, tables
from portico.storage import event as events
from tests.factories import BILLING_DETAIL, Factory

_NOUN_AND_ID = re.compile(r"/([a-z-]+)/\{(\w+)\}")
_IDS_IN_ORDER = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class World:
    """`ids` by the noun that stands before them in a path ("buyers", "webhook-endpoints"); every text of it holds `mark`."""

    scope: StoreScope
    mark: str
    ids: dict[str, str]

    def fill(self, text: str) -> str:
        """The text with each "<buyers>" replaced by the id of that noun."""
        return filled(text, self.ids)


def filled(text: str, ids: dict[str, str]) -> str:
    for noun, its_id in ids.items():
        text = text.replace(f"<{noun}>", its_id)
    return text


def path_of(operation: Operation) -> str:
    """Its path with "<buyers>" in the place of the id of a buyer."""
    return _NOUN_AND_ID.sub(lambda found: f"/{found[1]}/<{found[1]}>", operation.path)


def random_ids(seed: int) -> dict[str, str]:
    """Ids of nothing."""
    chance = random.Random(seed)
    return {noun: f"{prefix}_0{''.join(chance.choices(_IDS_IN_ORDER, k=21))}" for noun, prefix in PREFIXES.items()}


def make(runtime: Runtime, factory: Factory, scope: StoreScope, mark: str) -> World:
    """One of each, with `mark` in the names."""
    detail = {**BILLING_DETAIL, "name": f"{mark} name", "city": mark}
    buyer = factory.buyer(scope, name=f"{mark} buyer", email=f"{mark.lower()}@example.com", billing_detail=detail)
    group = factory.group(scope, name=f"{mark} plans")
    plans = factory.plans(scope, {f"{mark} small": 1000, f"{mark} large": 5000}, group_id=group, pause_periods_max=3)
    plan, larger = plans.values()
    subscription = factory.subscription(buyer, product_id=plan, managed=True, product_name=mark)
    factory.period_payment(buyer, subscription)
    order = factory.order(buyer, product_name=f"{mark} order", billing_detail=detail)
    payment = factory.payment(buyer, order, external_id=f"{mark}-payment")
    refund = factory.refund(buyer, payment, reason=f"{mark} refund")
    ids = {
        "buyers": buyer.buyer_id,
        "products": larger,
        "product-groups": group,
        "orders": order,
        "subscriptions": subscription,
        "payments": payment,
        "refunds": refund,
        "refund-tickets": factory.ticket(buyer, payment, reason=f"{mark} ticket"),
        "documents": factory.document(buyer, payment),
        "cancellations": factory.cancellation(buyer, subscription, comment=f"{mark} comment", withdrawn_at=factory.now),
        "portal-sessions": random_ids(1)["portal-sessions"],
        **_with_webhooks(runtime, factory, buyer, order, mark),
        "checkout-sessions": _checkout(runtime, factory, buyer, larger, mark),
    }
    assert set(ids) == set(PREFIXES)
    return World(scope, mark, ids)


def _with_webhooks(runtime: Runtime, factory: Factory, buyer: BuyerScope, order: str, mark: str) -> dict[str, str]:
    here = {"store_id": buyer.store_id, "environment": buyer.environment}
    now, new_id = factory.now, factory.new_id
    made = {"events": new_id("EVT"), "webhook-endpoints": new_id("WHE"), "deliveries": new_id("WHD")}
    with runtime.database.transaction() as tx:
        happened = Event(made["events"], "order.completed", order, buyer.buyer_id, now, {"mark": mark})
        events.insert(tx, buyer, happened, now)  # written when it commits
    with runtime.database.transaction() as tx:
        tx.execute(tables.webhook_endpoint.insert(), {
            **here, "id": made["webhook-endpoints"], "url": f"https://{mark.lower()}.example/hook", "description": mark,
            "format": "standard", "event_types": [], "status": "enabled", "created_at": now,
        })  # fmt: skip
        tx.execute(tables.webhook_delivery.insert(), {
            **here, "id": made["deliveries"], "endpoint_id": made["webhook-endpoints"], "event_id": made["events"],
            "event_type": "order.completed", "body": f'{{"mark": "{mark}"}}', "status": "failed", "attempts": 1, "created_at": now,
            "finished_at": now,
        })  # fmt: skip
    return made


def _checkout(runtime: Runtime, factory: Factory, buyer: BuyerScope, product: str, mark: str) -> str:
    visit = CheckoutSession(
        id=factory.new_id("CHK"),
        buyer_id=buyer.buyer_id,
        email=f"{mark.lower()}@example.com",
        product_id=product,
        product_name=mark,
        product_version=1,
        kind="subscription",
        quantity=1,
        currency="EUR",
        unit_minor=5000,
        price_is_own=True,
        trial_days=0,
        billing_detail=BillingDetail(name=mark, country="DE"),
        locale=None,
        theme=None,
        success_url=None,
        cancel_url=None,
        order_external_id=None,
        status="open",
        order_id=None,
        created_at=factory.now,
        expires_at=factory.now + timedelta(minutes=45),
    )
    with runtime.database.transaction() as tx:
        checkout.create(tx, buyer, visit)
    return visit.id
