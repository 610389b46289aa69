"""The columns of payments, attempts and refunds as statements select them, and what is made of such rows."""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import msgspec

from portico.domain.document_line import lines_from_json
from portico.domain.payment import Payment, PaymentAttempt, PaymentMethod, Refund, change_from_json
from portico.domain.tax import TaxLine
from portico.storage.tables import payment, payment_attempt, refund

HEAD = (
    "id", "external_id", "order_id", "subscription_id", "period_start", "period_end", "currency",
    "net_minor", "tax_minor", "total_minor", "refunded_minor", "status",
)  # fmt: skip
METHOD = ("method_brand", "method_last4", "method_expiry_month", "method_expiry_year")
NAMES = (*HEAD, *METHOD, "created_at", "succeeded_at", "purpose", "lines", "change", "taxes", "disputed_at")
PAYMENT = tuple(payment.c[name] for name in NAMES)
ATTEMPT_NAMES = (
    "sequence", "status", "failure_code", "method_brand", "method_last4", "attempted_at", "key", "reference", "action_url", "on_session",
    "customer_reference", "method_reference",
)  # fmt: skip
ATTEMPT = tuple(payment_attempt.c[name] for name in ATTEMPT_NAMES)
REFUND_NAMES = ("id", "amount_minor", "status", "reason", "created_at", "key", "reference", "ticket_id", "purpose", "at_provider")
REFUND = tuple(refund.c[name] for name in REFUND_NAMES)


@lru_cache(maxsize=4096)
def method_of(
    brand: str | None, last4: str | None, expiry_month: int | None = None, expiry_year: int | None = None
) -> PaymentMethod | None:
    """What is kept of a card, from its columns. A buyer's payments are of one card or two."""
    return None if brand is None else PaymentMethod(brand, last4 or "", expiry_month, expiry_year)


def payment_of(row: Any) -> Payment:
    """A row that begins with PAYMENT."""
    head, (brand, last4, month, year) = row[: len(HEAD)], row[len(HEAD) : len(HEAD) + len(METHOD)]
    created_at, succeeded_at, purpose, lines, change, taxes, disputed_at = row[len(HEAD) + len(METHOD) : len(PAYMENT)]
    return Payment(
        *head,
        method=method_of(brand, last4, month, year),
        created_at=created_at,
        succeeded_at=succeeded_at,
        purpose=purpose,
        lines=lines_from_json(lines),
        change=change_from_json(change),
        taxes=taxes_of(taxes),
        disputed_at=disputed_at,
    )


def taxes_of(stored: Any) -> tuple[TaxLine, ...]:
    """The taxes that a payment keeps, from their column. Raises msgspec.ValidationError when they are not."""
    return () if stored is None else msgspec.convert(stored, tuple[TaxLine, ...])


def attempt_of(columns: Any) -> PaymentAttempt:
    """A row of ATTEMPT."""
    sequence, status, failure_code, brand, last4, attempted_at, *rest = columns
    return PaymentAttempt(sequence, status, failure_code, method_of(brand, last4), attempted_at, *rest)


def detailed(payments: Iterable[Payment], attempts: Iterable[Any], refunds: Iterable[Any]) -> tuple[Payment, ...]:
    """The same payments with their attempts and refunds: rows of a payment's id and ATTEMPT or REFUND, in the order to keep."""
    tried: dict[str, list[PaymentAttempt]] = {}
    for payment_id, *columns in attempts:
        tried.setdefault(payment_id, []).append(attempt_of(columns))
    given_back: dict[str, list[Refund]] = {}
    for payment_id, *columns in refunds:
        given_back.setdefault(payment_id, []).append(Refund(*columns))
    return tuple(replace(p, attempts=tuple(tried.get(p.id, ())), refunds=tuple(given_back.get(p.id, ()))) for p in payments)


def method_values(method: PaymentMethod | None) -> dict[str, Any]:
    """The columns METHOD of a card, by name."""
    if method is None:
        return dict.fromkeys(METHOD)
    return dict(zip(METHOD, (method.brand, method.last4, method.expiry_month, method.expiry_year), strict=True))
