"""Every reason for which a line is refused, and that nothing of such a line is written."""

from typing import Any

import pytest
import sqlalchemy as sa

from portico.services.runtime import Runtime
from portico.storage import tables
from tests.services import import_lines as lines
from tests.services.import_lines import EVERYTHING, new_store, take

WRITTEN = (
    tables.product_group, tables.product, tables.price, tables.buyer, tables.order, tables.subscription, tables.subscription_event,
    tables.payment, tables.payment_attempt, tables.refund, tables.document,
)  # fmt: skip
SUBSCRIPTION = lines.SUBSCRIPTION
FUTURE = "2027-01-01T00:00:00Z"  # the tests' now is 14 March 2026
NEW_ORDER = lines.ORDER | {"id": "o9"}
NEW_CARRIER = lines.CARRIER | {"id": "o9"}
NEW_SUBSCRIPTION = SUBSCRIPTION | {"id": "s9", "order": "o9"}
NEW_PAYMENT = lines.PAYMENT | {"id": "p9"}
NEW_RENEWAL = lines.RENEWAL | {"id": "p9", "period_start": lines.ANCHOR, "period_end": lines.SECOND, "created_at": lines.ANCHOR}
NEW_REFUND = lines.REFUND | {"id": "r9"}
ATTEMPT = {"status": "failed", "at": "2026-02-01T11:00:05Z", "failure_code": "card_declined"}
EARLIER, TOO_EARLY = ATTEMPT | {"at": "2026-02-01T11:00:04Z"}, ATTEMPT | {"at": "2026-01-01T00:00:00Z"}
SUCCESS = {"status": "succeeded", "at": "2026-02-01T11:02:00Z"}
FAILED = NEW_PAYMENT | {"status": "failed", "attempts": [ATTEMPT]}
ENDED = SUBSCRIPTION | {"status": "canceled", "ended_at": lines.SECOND}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    # Shape
    "an unknown field": (lines.GROUP | {"colour": "red"}, "malformed"),
    "an unknown type": ({"type": "parcel", "id": "1"}, "malformed"),
    # References
    "a product of no group": (lines.PLAN | {"id": "x", "group": "nope"}, "unknown_reference"),
    "an order of nobody": (NEW_ORDER | {"buyer": "nope"}, "unknown_reference"),
    "an order of nothing": (NEW_ORDER | {"product": "nope"}, "unknown_reference"),
    "a subscription of no order": (NEW_SUBSCRIPTION | {"order": "nope"}, "unknown_reference"),
    "a subscription to no product": (SUBSCRIPTION | {"product": "nope"}, "unknown_reference"),
    "a payment of no order": (NEW_PAYMENT | {"order": "nope"}, "unknown_reference"),
    "a refund of no payment": (NEW_REFUND | {"payment": "nope"}, "unknown_reference"),
    # Catalogue and buyers
    "a plan without an interval": (lines.PLAN | {"id": "x", "interval": None}, "interval"),
    "a one-time product with an interval": (lines.ITEM | {"id": "x", "interval": "month"}, "interval"),
    "a product that becomes a plan": (lines.ITEM | {"kind": "subscription", "interval": "year"}, "differs"),
    "a currency that is none": (lines.ITEM | {"id": "x", "prices": {"ABC": "1"}}, "currency_unknown"),
    "cents of a yen": (lines.ITEM | {"id": "x", "prices": {"JPY": "1.00"}}, "amount_format"),
    "an address no mail can reach": (lines.BUYER | {"id": "u9", "email": "ada@@example"}, "email_format"),
    "an address somebody has": (lines.BUYER | {"id": "u9", "email": "ADA@example.com"}, "email_taken"),
    "an address that changes": (lines.BUYER | {"email": "other@example.com"}, "differs"),
    "a buyer from the future": (lines.BUYER | {"id": "u9", "email": "n@example.com", "created_at": FUTURE}, "time"),
    "a buyer from before time": (lines.BUYER | {"id": "u9", "email": "n@example.com", "created_at": "0001-01-01T00:00:00+14:00"}, "time"),
    "a buyer from just before": (lines.BUYER | {"id": "u9", "email": "n@example.com", "created_at": "1969-12-31T23:59:59.5Z"}, "time"),
    # Orders
    "a total that does not add up": (NEW_ORDER | {"total": "34.52"}, "total"),
    "a tax that is not the rate's": (NEW_ORDER | {"tax": "5.53", "total": "34.53"}, "tax"),
    "nothing taxed for no reason": (NEW_ORDER | {"tax_rate": "0", "tax": "0.00", "total": "29.00"}, "tax_reason"),
    "a taxed exemption": (NEW_ORDER | {"tax_reason": "exempt"}, "tax_reason"),
    "a one-time order without a status": (NEW_ORDER | {"status": None}, "status"),
    "a plan's order with a status": (NEW_CARRIER | {"status": "completed"}, "status"),
    "an order in the future": (NEW_ORDER | {"created_at": FUTURE}, "time"),
    "an order of another amount": (lines.ORDER | {"net": "30.00", "tax": "5.70", "total": "35.70"}, "differs"),
    "an order of another moment": (lines.ORDER | {"created_at": "2026-02-01T12:00:01+01:00"}, "differs"),
    "a paid order that is canceled": (lines.ORDER | {"status": "canceled"}, "differs"),
    # Subscriptions
    "a subscription on a one-time order": (NEW_SUBSCRIPTION | {"order": "o1"}, "interval"),
    "a subscription to a one-time product": (SUBSCRIPTION | {"product": "atlas"}, "interval"),
    "a second subscription on an order": (NEW_SUBSCRIPTION | {"order": "o2"}, "order_taken"),
    "no current period": (SUBSCRIPTION | {"period_index": None}, "period"),
    "two current periods": (SUBSCRIPTION | {"period_start": lines.SECOND}, "period"),
    "a period off the calendar": (SUBSCRIPTION | {"period_index": None, "period_start": "2026-02-27T10:00:00Z"}, "period"),
    "a period before the anchor": (SUBSCRIPTION | {"period_index": None, "period_start": "2025-12-31T10:00:00Z"}, "period"),
    "an earlier period than stored": (SUBSCRIPTION | {"period_index": 0}, "period_backwards"),
    "a calendar that paid periods are not on": (
        SUBSCRIPTION | {"anchor": "2026-02-28T10:00:00Z", "period_index": 0},
        "period",
    ),
    "a period beyond time": (SUBSCRIPTION | {"period_index": 99_999}, "time"),
    "a trial without an end": (SUBSCRIPTION | {"status": "trialing"}, "trial"),
    "a trial that ends before it starts": (SUBSCRIPTION | {"trial_end": "2026-01-30T10:00:00Z"}, "trial"),
    "an end without a moment": (SUBSCRIPTION | {"status": "expired"}, "ended_at"),
    "a moment without an end": (SUBSCRIPTION | {"ended_at": lines.SECOND}, "ended_at"),
    "a cancellation of an active one": (SUBSCRIPTION | {"scheduled_change": {"kind": "cancel", "at": lines.THIRD}}, "scheduled_change"),
    "a change to no plan": (SUBSCRIPTION | {"scheduled_change": {"kind": "change_plan", "at": lines.THIRD}}, "scheduled_change"),
    "a change to a one-time product": (
        SUBSCRIPTION | {"scheduled_change": {"kind": "change_plan", "at": lines.THIRD, "product": "atlas"}}, "scheduled_change"
    ),
    "a change after the end": (
        ENDED | {"scheduled_change": {"kind": "change_plan", "at": lines.THIRD, "product": "team"}}, "scheduled_change"
    ),
    "a subscription of another order": (SUBSCRIPTION | {"order": "o1"}, "interval"),
    # Payments
    "a payment in another currency": (NEW_PAYMENT | {"currency": "USD"}, "currency"),
    "a payment that does not add up": (NEW_PAYMENT | {"net": "28.00"}, "total"),
    "a success without a moment": (NEW_PAYMENT | {"attempts": None}, "status"),
    "a failure with a moment of success": (FAILED | {"attempts": [], "succeeded_at": SUCCESS["at"]}, "status"),
    "a success whose last attempt failed": (NEW_PAYMENT | {"attempts": [SUCCESS, ATTEMPT | {"at": "2026-02-01T11:03:00Z"}]}, "attempts"),
    "a success that took two successes": (NEW_PAYMENT | {"attempts": [SUCCESS, SUCCESS]}, "attempts"),
    "a success at another moment": (NEW_PAYMENT | {"succeeded_at": "2026-02-01T11:03:00Z"}, "attempts"),
    "a failure that succeeded": (FAILED | {"attempts": [SUCCESS]}, "attempts"),
    "a failure without a reason": (FAILED | {"attempts": [ATTEMPT | {"failure_code": None}]}, "attempts"),
    "a success with a failure's reason": (NEW_PAYMENT | {"attempts": [SUCCESS | {"failure_code": "card_declined"}]}, "attempts"),
    "attempts out of order": (FAILED | {"attempts": [ATTEMPT, EARLIER]}, "attempts"),
    "an attempt before the payment": (FAILED | {"attempts": [TOO_EARLY]}, "attempts"),
    "a period of a one-time order": (NEW_PAYMENT | {"period_start": lines.SECOND, "period_end": lines.THIRD}, "period"),
    "a renewal without a period": (NEW_RENEWAL | {"period_start": None, "period_end": None}, "period"),
    "a renewal off the calendar": (NEW_RENEWAL | {"period_end": lines.THIRD}, "period"),
    "a period that ends before it starts": (NEW_RENEWAL | {"period_end": "2026-01-01T00:00:00Z"}, "period"),
    "a period that is paid": (lines.RENEWAL | {"id": "p9"}, "period_taken"),
    "a payment of another amount": (lines.PAYMENT | {"net": "30.00", "tax": "5.70", "total": "35.70"}, "differs"),
    "an invoice of what has failed": (FAILED | {"invoice_number": "RE-1"}, "invoice_number"),
    "an invoice with a number of ours": (NEW_PAYMENT | {"invoice_number": "INV-2026-000009"}, "invoice_number"),
    "an invoice with a number for tests": (NEW_PAYMENT | {"invoice_number": "TEST-REC-2026-000009"}, "invoice_number"),
    "an invoice with a number that a document has": (NEW_PAYMENT | {"invoice_number": "INV-2026-000001"}, "invoice_number_taken"),
    "an invoice number that nobody could read": (NEW_PAYMENT | {"invoice_number": "RE\u200b1"}, "malformed"),
    "another number for an invoice": (lines.PAYMENT | {"invoice_number": "RE-1"}, "differs"),
    "a success that fails": (lines.PAYMENT | {"status": "failed", "attempts": []}, "differs"),
    # Refunds
    "a refund in another currency": (NEW_REFUND | {"currency": "USD"}, "currency"),
    "a refund of nothing": (NEW_REFUND | {"amount": "0"}, "amount_format"),
    "a refund of too much": (NEW_REFUND | {"amount": "30.01"}, "refund_too_large"),
    "a refund before its payment": (NEW_REFUND | {"created_at": "2026-02-01T10:00:00Z"}, "time"),
    "a refund of another amount": (lines.REFUND | {"amount": "4.52"}, "differs"),
    "a refund that fails after it succeeded": (lines.REFUND | {"status": "failed"}, "differs"),
}  # fmt: skip


def _counts(runtime: Runtime) -> dict[str, int]:
    with runtime.database.read() as connection:
        return {table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in WRITTEN}


def test_each_is_refused_with_its_reason_and_writes_nothing(runtime: Runtime) -> None:
    store = new_store(runtime)
    take(runtime, store, [*EVERYTHING, NEW_CARRIER])
    before = _counts(runtime)
    report, refused = take(runtime, store, [line for line, _ in REFUSED.values()])
    codes = {refusal.line: refusal.code for refusal in refused}
    got = {what: codes.get(number, "taken") for number, what in enumerate(REFUSED, start=1)}
    assert got == {what: code for what, (_, code) in REFUSED.items()}
    assert all(len(refusal.reason.split()) > 3 for refusal in refused), "a reason is a sentence"
    assert report.refused == len(REFUSED)
    assert _counts(runtime) == before


LATER: dict[str, tuple[list[dict[str, Any]], str]] = {
    "a success of a pending order": ([NEW_ORDER | {"status": "pending"}, NEW_PAYMENT | {"order": "o9"}], "status"),
    "a renewal too early": ([NEW_CARRIER, NEW_RENEWAL | {"order": "o9"}], "unknown_reference"),
    "a refund of a failed payment": ([FAILED, NEW_REFUND | {"payment": "p9"}], "payment_not_succeeded"),
    "two refunds that are too much": (
        [NEW_REFUND | {"amount": "20.00"}, NEW_REFUND | {"id": "r10", "amount": "20.00"}],
        "refund_too_large",
    ),
    "an invoice number twice": (
        [NEW_PAYMENT | {"invoice_number": "RE-1"}, NEW_PAYMENT | {"id": "p10", "invoice_number": "RE-1"}], "invoice_number_taken"
    ),
    "an invoice that changes its number": (
        [NEW_PAYMENT | {"invoice_number": "RE-1"}, NEW_PAYMENT | {"invoice_number": "RE-2"}], "differs"
    ),
    "an invoice that loses its number": ([NEW_PAYMENT | {"invoice_number": "RE-1"}, NEW_PAYMENT], "differs"),
    "a subscription that comes back": ([ENDED, SUBSCRIPTION], "subscription_over"),
    "an address taken in the same file": (
        [lines.BUYER | {"id": "u9", "email": "b@example.com"}, lines.BUYER | {"id": "u10", "email": "B@example.com"}], "email_taken"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LATER)
@pytest.mark.parametrize("batch", [1, 4000])
def test_lines_are_judged_by_what_stands_before_them(what: str, batch: int, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portico.services.importing.LINES_AT_ONCE", batch)
    store = new_store(runtime)
    take(runtime, store, EVERYTHING)
    later, code = LATER[what]
    _, refused = take(runtime, store, later)
    assert [(refusal.line, refusal.code) for refusal in refused] == [(2, code)]
