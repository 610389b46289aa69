"""`portico check`: is everything true of the data that must be? The rules in SQL, and those that need the domain's arithmetic."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

import msgspec
import sqlalchemy as sa

from portico.domain import invoice
from portico.domain.calendar import period_at, period_bounds
from portico.domain.errors import Refused
from portico.domain.invoice import PAYMENT_KINDS, DocumentContent
from portico.services import store_tax, taxation
from portico.storage import invariants, webhook_failing
from portico.storage.database import Database
from portico.storage.invariants import MOST_FINDINGS, ChangeOfPlan, Finding, Period, StoredDocument


def run(database: Database, now: datetime | None = None) -> list[Finding]:
    """Every rule that is broken, with the row that breaks it; empty when all is well. Changes nothing.

    Rules about an age, such as that of a charge nobody knows the outcome of, are asked only when the time is given.
    """
    with database.read() as connection:
        found = invariants.run(connection, now)
        for rule in _RULES.values():
            found += islice(rule(connection), MOST_FINDINGS)
        if now is not None:
            found += islice(_undecided(connection, now), MOST_FINDINGS)
            found += islice(_without_exchange_rate(connection, now), MOST_FINDINGS)
            found += islice(_untaken(connection, now), MOST_FINDINGS)
    return found


def names() -> tuple[str, ...]:
    """The names of all rules, as they stand in findings."""
    return (*invariants.names(), *_RULES, _TAX_TABLE, _EXCHANGE_RATES, _WEBHOOKS)


def _documents(connection: sa.Connection) -> Iterator[Finding]:
    for document in invariants.documents(connection):
        wrong = _wrong_with(document)
        if wrong:
            yield Finding("a_document_is_as_it_was_issued", document.id, wrong)


def _wrong_with(document: StoredDocument) -> str:
    if hashlib.sha256(document.content.encode()).digest() != document.content_hash:
        return "its content does not match its hash"
    try:
        content = invoice.from_json(document.content)
        invoice.check_totals(content)
    except (msgspec.ValidationError, Refused) as error:
        return f"its content cannot be right: {error}"
    said = (content.kind, content.number, content.currency, content.total_minor)
    if said != (document.kind, document.number, document.currency, document.total_minor):
        return "its content differs from its row"
    return _wrong_with_what_it_says(document, content)


def _wrong_with_what_it_says(document: StoredDocument, content: DocumentContent) -> str:
    if document.kind in PAYMENT_KINDS and (document.lines or content.lines) != content.lines:
        return "it prints other lines than were charged"
    if document.kind in PAYMENT_KINDS and (document.taxes or content.taxes) != content.taxes:
        return "it prints other taxes than were charged"
    if document.corrects is not None and (document.corrects, document.counterpart or "") != (content.refers_to, content.counterpart):
        return "it does not name what it corrects"
    return ""


def _files(connection: sa.Connection) -> Iterator[Finding]:
    for document_id, digest, body in invariants.files(connection):
        if hashlib.sha256(body).digest() != digest:
            yield Finding("a_file_is_as_it_was_made", document_id, "a file does not match its hash")
    for pack_id, digest, parts in invariants.packs(connection):
        made = hashlib.sha256()
        for part in parts:
            made.update(part)
        if made.digest() != digest:
            yield Finding("a_file_is_as_it_was_made", pack_id, "the file of a pack does not match its hash")


def _periods(connection: sa.Connection) -> Iterator[Finding]:
    for period in invariants.periods(connection):
        if _bounds(period) != (period.start, period.end):
            yield Finding("periods_lie_on_the_calendar", period.subject, f"{period.start.isoformat()} to {period.end.isoformat()} does not")


def _plan_changes(connection: sa.Connection) -> Iterator[Finding]:
    for change in invariants.plan_changes(connection):
        wrong = _wrong_with_change(change)
        if wrong:
            yield Finding("a_change_is_in_effect_when_it_is_paid", change.payment_id, wrong)


def _wrong_with_change(change: ChangeOfPlan) -> str:
    """An open one must not have begun. A paid one stays in effect for its period, or something dearer does: at the very end of a
    period the difference is less than one minor unit, and asks for no payment."""
    asked = change.asked
    if change.status in ("pending", "unknown"):
        is_waiting = (change.product_id, change.quantity) == (asked.from_product_id, asked.from_quantity)
        return "" if is_waiting else f"it is {change.status}, and the subscription is not what it was"
    if change.status != "succeeded" or (change.period_start, change.interval) != (asked.period_start, asked.interval):
        return ""
    is_in_effect = change.unit_minor * change.quantity >= asked.unit_minor * asked.quantity
    return "" if is_in_effect else "it is paid, and not in effect"


def _bounds(period: Period) -> tuple[object, object]:
    index = period_at(period.anchor, period.interval, period.start) if period.index is None else period.index
    return period_bounds(period.anchor, period.interval, index)


def _undecided(connection: sa.Connection, now: datetime) -> Iterator[Finding]:
    for subscription_id, place in taxation.undecided(connection, now):
        where = f"no row for {place}" if place else "its buyer's country is not known"
        yield Finding(_TAX_TABLE, subscription_id, f"{where}: it is charged the tax that it had", "warning")


def _without_exchange_rate(connection: sa.Connection, now: datetime) -> Iterator[Finding]:
    for store_id, wrong in store_tax.exchange_rates_wanted(connection, now):
        yield Finding(_EXCHANGE_RATES, store_id, wrong, "warning")


def _untaken(connection: sa.Connection, now: datetime) -> Iterator[Finding]:
    for failing in webhook_failing.endpoints(connection, now):
        wrong = f"it has not taken {failing.deliveries} of what it was sent, the first of {failing.since.isoformat(timespec='seconds')}"
        yield Finding(_WEBHOOKS, failing.endpoint_id, wrong, "warning")


_WEBHOOKS = "webhooks_are_taken"
_TAX_TABLE = "the_tax_table_says_what_is_due"
_EXCHANGE_RATES = "tax_is_told_in_the_stores_currency"
_RULES: dict[str, Callable[[sa.Connection], Iterator[Finding]]] = {
    "a_document_is_as_it_was_issued": _documents,
    "a_file_is_as_it_was_made": _files,
    "periods_lie_on_the_calendar": _periods,
    "a_change_is_in_effect_when_it_is_paid": _plan_changes,
}
