"""Lines for tests of the import: one buyer, a one-time product, a plan, an order of each, their payments, a refund."""

import io
import json
from collections.abc import Iterable
from typing import Any

from portico.domain.scope import Environment
from portico.services import importing
from portico.services.importing import Refusal, Report, Target
from portico.services.runtime import Runtime
from portico.services.store import create
from portico.storage.store import StoreRow

DETAIL = {
    "country": "DE", "name": "Ada Lovelace", "line1": "Unter den Linden 1", "city": "Berlin", "postal_code": "10117",
    "po_number": "PO-4711", "cost_centre": "Kst. 12",
}  # fmt: skip
CARD = {"brand": "visa", "last4": "4242", "expiry_month": 12, "expiry_year": 2029}
AMOUNTS = {"currency": "EUR", "net": "29.00", "tax": "5.51", "total": "34.51"}
ANCHOR = "2026-01-31T10:00:00+00:00"
SECOND, THIRD = "2026-02-28T10:00:00+00:00", "2026-03-31T10:00:00+00:00"  # 31 January + 1 month, + 2 months

GROUP = {"type": "product_group", "id": "plans", "name": "Plans"}
PLAN = {
    "type": "product", "id": "team", "name": "Team", "kind": "subscription", "interval": "month", "group": "plans",
    "prices": {"EUR": "29.00", "JPY": "4500"},
}  # fmt: skip
ITEM = {"type": "product", "id": "atlas", "name": "Atlas", "kind": "one_time", "prices": {"EUR": "29.00"}, "description": "A map"}
BUYER = {
    "type": "buyer", "id": "u1", "email": "Ada@Example.com", "name": "Ada Lovelace", "locale": "de", "billing_detail": DETAIL,
    "created_at": "2025-12-01T08:00:00+01:00",
}  # fmt: skip
ORDER = {
    "type": "order", "id": "o1", "buyer": "u1", "product": "atlas", "status": "completed", "tax_rate": "19.00",
    "created_at": "2026-02-01T12:00:00+01:00", **AMOUNTS,
}  # fmt: skip
CARRIER = {k: v for k, v in ORDER.items() if k != "status"} | {"id": "o2", "product": "team", "created_at": ANCHOR}
SUBSCRIPTION = {
    "type": "subscription", "id": "s1", "order": "o2", "status": "active", "unit_price": "29.00", "anchor": ANCHOR,
    "period_index": 1, "created_at": ANCHOR, "card": CARD,
}  # fmt: skip
PAYMENT = {
    "type": "payment", "id": "p1", "order": "o1", "status": "succeeded", "created_at": "2026-02-01T11:00:00Z", "card": CARD,
    "attempts": [
        {"status": "failed", "at": "2026-02-01T11:00:05Z", "failure_code": "insufficient_funds"},
        {"status": "succeeded", "at": "2026-02-01T11:02:00Z", "card": {"brand": "mastercard", "last4": "5454"}},
    ],
    **AMOUNTS,
}  # fmt: skip
RENEWAL = {
    "type": "payment", "id": "p2", "order": "o2", "status": "succeeded", "created_at": SECOND, "succeeded_at": SECOND,
    "period_start": SECOND, "period_end": THIRD, "card": CARD, **AMOUNTS,
}  # fmt: skip
REFUND = {
    "type": "refund", "id": "r1", "payment": "p1", "currency": "EUR", "amount": "4.51", "status": "succeeded",
    "created_at": "2026-02-10T09:00:00Z", "reason": "Arrived late",
}  # fmt: skip
EVERYTHING: tuple[dict[str, Any], ...] = (GROUP, PLAN, ITEM, BUYER, ORDER, CARRIER, SUBSCRIPTION, PAYMENT, RENEWAL, REFUND)


def new_store(runtime: Runtime, slug: str = "atlas-shop") -> StoreRow:
    return create(runtime, name="Atlas", slug=slug, locale="fr", time_zone="Europe/Berlin")


def take(
    runtime: Runtime, store: StoreRow, lines: Iterable[dict[str, Any]], *, environment: Environment = "prod"
) -> tuple[Report, list[Refusal]]:
    """Imports the lines; the report, and what was refused."""
    refused: list[Refusal] = []
    file = io.BytesIO("".join(json.dumps(line) + "\n" for line in lines).encode())
    target = Target(runtime, store, environment)
    return importing.load(target, file, on_refusal=refused.append), refused


def many(orders: int, at: str) -> list[dict[str, Any]]:
    """A shop with so many orders of one buyer in ten, each paid."""
    written: list[dict[str, Any]] = [ITEM]
    for n in range(orders):
        who = f"u{n // 10}"
        if n % 10 == 0:
            written.append(BUYER | {"id": who, "email": f"{who}@example.com"})
        written.append(ORDER | {"id": f"o{n}", "buyer": who, "created_at": at})
        paid = {"id": f"p{n}", "order": f"o{n}", "created_at": at, "succeeded_at": at, "attempts": None}
        written.append(PAYMENT | paid)
    return written
