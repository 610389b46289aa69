"""A buyer's year as a merchant would import it: what the browser tests look at. All amounts and dates are written out."""

import json
from datetime import datetime

from portico.domain.invoice import Seller
from portico.services import importing, store
from portico.services.importing import Refusal, Target
from portico.services.runtime import Runtime
from portico.storage.store import StoreRow

EMAIL = "ada@example.com"
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh " + "Maximiliane " * 3

_SELLER = Seller(
    legal_name="Lumen Notes GmbH",
    line1="Torstraße 1",
    city="Berlin",
    postal_code="10119",
    country="DE",
    tax_id="DE136695976",
    registration="HRB 12345 B, Amtsgericht Charlottenburg",
    email="billing@lumen.example",
)
_CARD = {"brand": "visa", "last4": "4242", "expiry_month": 8, "expiry_year": 2028}
_DETAIL = {
    "country": "DE", "name": "Ada Beispiel", "is_business": True, "business_name": "Beispiel Werkstatt GmbH", "tax_id": "DE136695976",
    "line1": "Hauptstraße 5", "city": "Hamburg", "postal_code": "20459",
}  # fmt: skip


def _month(number: int) -> str:
    """The first of a month; 1 is January 2025."""
    year, month = divmod(number - 1, 12)
    return f"{2025 + year}-{month + 1:02d}-01T09:00:00Z"


def _payment(order: str, number: int, **changes: object) -> dict[str, object]:
    paid = {"status": "succeeded", "succeeded_at": _month(number), "card": _CARD}
    return {
        "type": "payment", "id": f"{order}-p{number}", "order": order, "currency": "EUR", "net": "29.00", "tax": "5.51", "total": "34.51",
        "created_at": _month(number), "period_start": _month(number), "period_end": _month(number + 1),
        "tax_rate": "19", "tax_reason": "standard", **paid, **changes,
    }  # fmt: skip


def _one_time(number: int, *, buyer: str = "ada", status: str = "completed") -> list[dict[str, object]]:
    at = f"2025-{number % 12 + 1:02d}-{number % 27 + 1:02d}T10:00:00Z"
    amounts = {"currency": "EUR", "net": "100.00", "tax": "19.00", "total": "119.00"}
    order = {
        "type": "order", "id": f"{buyer}-one-{number}", "buyer": buyer, "product": "workshop", **amounts, "tax_rate": "19",
        "created_at": at, "status": status,
    }  # fmt: skip
    payment = {"type": "payment", "id": f"{buyer}-one-{number}-p", "order": order["id"], "status": "succeeded", **amounts, "created_at": at}
    return [order, {**payment, "succeeded_at": at, "card": _CARD}] if status == "completed" else [order]


def lines() -> list[dict[str, object]]:
    """Ada has a plan in good standing, one past due, 30 one-time orders and refunds; Bea is another buyer; Cleo has bought nothing."""
    failed = {"status": "failed", "at": "2026-03-01T09:00:10Z", "failure_code": "insufficient_funds", "card": _CARD}
    past_due = {"status": "pending", "succeeded_at": None, "attempts": [failed, {**failed, "at": "2026-03-02T09:00:10Z"}]}
    order = {"type": "order", "buyer": "ada", "currency": "EUR", "net": "29.00", "tax": "5.51", "total": "34.51", "tax_rate": "19"}
    subscription = {"type": "subscription", "unit_price": "29.00", "anchor": _month(1), "created_at": _month(1), "card": _CARD}
    return [
        {"type": "product_group", "id": "plans", "name": "Plans"},
        {"type": "product", "id": "team", "name": "Team", "kind": "subscription", "interval": "month", "group": "plans"}
        | {"prices": {"EUR": "29.00"}},
        {"type": "product", "id": "workshop", "name": "Workshop <b>2025</b> & more", "kind": "one_time", "prices": {"EUR": "100.00"}},
        {"type": "buyer", "id": "ada", "email": EMAIL, "name": "Ada Beispiel", "billing_detail": _DETAIL},
        {"type": "buyer", "id": "bea", "email": "bea@example.com", "name": LONG_NAME.strip(), "billing_detail": _DETAIL},
        {"type": "buyer", "id": "cleo", "email": "cleo@example.com", "name": "كليو"},
        {**order, "id": "sub-1", "product": "team", "created_at": _month(1)},
        {**subscription, "id": "s1", "order": "sub-1", "status": "active", "period_index": 14},
        *[_payment("sub-1", n) for n in range(1, 16)],
        {**order, "id": "sub-2", "product": "team", "created_at": _month(1)},
        {**subscription, "id": "s2", "order": "sub-2", "status": "past_due", "period_index": 14},
        *[_payment("sub-2", n) for n in range(1, 15)],
        {**_payment("sub-2", 15), **past_due},
        {"type": "refund", "id": "r1", "payment": "sub-1-p3", "currency": "EUR", "amount": "10.00", "status": "succeeded",
         "created_at": "2025-03-20T10:00:00Z", "reason": "goodwill"},
        *[line for n in range(30) for line in _one_time(n)],
        *_one_time(90, status="pending"),
        *_one_time(1, buyer="bea"),
    ]  # fmt: skip


def import_lines(target: Target, given: list[dict[str, object]], scratch: "object") -> None:
    """Imports `given`; a refused line fails the test."""
    path = scratch / "year.jsonl"  # type: ignore[operator]
    path.write_text("\n".join(json.dumps({k: v for k, v in line.items() if v is not None}) for line in given) + "\n", encoding="utf-8")
    refused: list[Refusal] = []
    with path.open("rb") as file:
        importing.load(target, file, on_refusal=refused.append)
    assert not refused


def make_store(runtime: Runtime, slug: str = "lumen") -> StoreRow:
    return store.create(
        runtime, name="Lumen Notes", slug=slug, seller=_SELLER, locale="en", time_zone="Europe/Berlin", support_email="help@lumen.example"
    )


NOW = datetime.fromisoformat("2026-03-14T09:26:53.589793+00:00")
