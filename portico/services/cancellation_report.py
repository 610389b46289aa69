"""Why buyers leave, and what that costs: a store's cancellations added up by reason, product or month.

A cancellation counts in the month it was asked for, also while the paid time still runs. One that was taken back is no loss: it is
counted as saved. What is lost is money per month: a yearly plan counts with a twelfth. Currencies are never added up.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from portico.domain import csv_table
from portico.domain.cancellation import DEFAULT_REASONS
from portico.domain.money import format_amount
from portico.domain.proration import monthly_minor
from portico.domain.scope import StoreScope
from portico.i18n.cancellation_words import REASONS
from portico.i18n.catalog import catalog
from portico.services import cancel_reasons, store_time
from portico.services.event import moment
from portico.services.runtime import Runtime
from portico.storage import cancellation as cancellations
from portico.storage import store as stores
from portico.storage.cancellation import CancellationOfStore, CancellationSum
from portico.storage.page import Cursor
from portico.storage.store import StoreRow

By = Literal["reason", "product", "month"]
NO_REASON = "(none given)"
SUMMARY_COLUMNS = ("by", "key", "name", "requested", "saved", "lost", "currency", "lost_per_month", "saved_per_month")
LIST_COLUMNS = (
    "id", "subscription_id", "buyer_id", "product_id", "product", "quantity", "reason", "comment", "requested_at", "effective_at",
    "withdrawn_at", "actor", "interval", "amount", "currency", "per_month",
)  # fmt: skip
_MONTHS = 12
_SECOND_YEAR, _LAST_YEAR = datetime(2, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Money:
    """Cancellations in one currency: how many were asked for, how many of those were taken back, and what both come to per month, in
    minor units."""

    currency: str
    requested: int
    saved: int
    lost_minor: int
    saved_minor: int


@dataclass(frozen=True, slots=True)
class Line:
    """Cancellations with one `key`, and what that is called: a reason's code (empty: none was given), a product's id, or a month
    like "2026-11"."""

    key: str
    name: str
    money: tuple[Money, ...]

    @property
    def requested(self) -> int:
        return sum(part.requested for part in self.money)

    @property
    def saved(self) -> int:
        return sum(part.saved for part in self.money)

    @property
    def lost(self) -> int:
        return self.requested - self.saved


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked for from `since` until just before `until`. By reason or product the most lost comes first, months come in order."""

    since: datetime
    until: datetime
    by: By
    lines: tuple[Line, ...]
    total: Line


def make(runtime: Runtime, scope: StoreScope, by: By, since: datetime | None = None, until: datetime | None = None) -> Report:
    """The report. Without a beginning it is about the twelve calendar months (UTC) that end with `until`, without an end until today's."""
    with runtime.database.read() as tx:
        store = stores.get(tx, scope.store_id)
        until = until or _tomorrow(store_time.now(runtime, store, scope.environment))
        since = since or _year_before(until)
        sums = cancellations.summary(tx, scope, since, until, by)
    lines = [Line(key, _name(store, by, key, name), _by_currency(row for row in sums if row.key == key)) for key, name in _keys(sums)]
    if by != "month":
        lines.sort(key=_gravest)
    return Report(since, until, by, tuple(lines), Line("", "", _by_currency(sums)))


def csv(report: Report) -> bytes:
    """The report for spreadsheets: a line for each key and currency."""
    written = [csv_table.heading(SUMMARY_COLUMNS)]
    for line in report.lines:
        for part in line.money:
            amounts = (format_amount(minor, part.currency) for minor in (part.lost_minor, part.saved_minor))
            counts = (str(part.requested), str(part.saved), str(part.requested - part.saved))
            written.append(csv_table.line((report.by, line.key, line.name, *counts, part.currency, *amounts)))
    return b"".join(written)


def list_csv(runtime: Runtime, scope: StoreScope, **wanted: object) -> Iterator[bytes]:
    """All cancellations for spreadsheets, newest first, piece by piece. `wanted` are the filters of the storage's list."""
    yield csv_table.heading(LIST_COLUMNS)
    cursor: Cursor | None = None
    while True:
        with runtime.database.read() as tx:
            page = cancellations.page_of_store(tx, scope, cursor, _ROWS_AT_ONCE, **wanted)  # pyright: ignore[reportArgumentType]
        yield b"".join(csv_table.line(_cells(found)) for found in page.items)
        if page.next is None:
            return
        cursor = Cursor.decode(page.next)


def _cells(found: CancellationOfStore) -> tuple[str, ...]:
    it = found.cancellation
    return (
        it.id,
        it.subscription_id,
        found.scope.buyer_id,
        it.product_id,
        found.product_name,
        str(it.quantity),
        it.reason_code or "",
        it.comment,
        moment(it.requested_at),
        moment(it.effective_at),
        moment(it.withdrawn_at) if it.withdrawn_at else "",
        it.actor,
        it.interval,
        format_amount(it.net_minor, it.currency),
        it.currency,
        format_amount(monthly_minor(it.net_minor, it.interval), it.currency),
    )


def _gravest(line: Line) -> tuple[int, list[int]]:
    """By subscriptions, which can be counted together; among as many, by the money of each currency in turn."""
    return -line.lost, [-part.lost_minor for part in line.money]


def _keys(sums: Iterable[CancellationSum]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row.key, row.name) for row in sums))


def _by_currency(sums: Iterable[CancellationSum]) -> tuple[Money, ...]:
    """Each interval's sum is rounded once on its way to a month."""
    found: dict[str, Money] = {}
    for row in sums:
        before = found.get(row.currency, Money(row.currency, 0, 0, 0, 0))
        found[row.currency] = Money(
            row.currency,
            before.requested + row.count,
            before.saved + row.withdrawn,
            before.lost_minor + monthly_minor(row.net_minor, row.interval),
            before.saved_minor + monthly_minor(row.withdrawn_net_minor, row.interval),
        )
    return tuple(found[currency] for currency in sorted(found))


def _name(store: StoreRow, by: By, key: str, name: str) -> str:
    """What a key is called. A reason that the store no longer offers is called by its code."""
    if by != "reason":
        return name or key
    if not key:
        return NO_REASON
    offered = {reason.code: reason for reason in cancel_reasons.of_store(store)}
    if key in offered:
        return offered[key].words(store.locale)
    return catalog(store.locale).message(REASONS[key]) if key in DEFAULT_REASONS else key


def _tomorrow(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def _year_before(until: datetime) -> datetime:
    """The first moment of the twelfth month, counted back from the one that the last moment is in; at the ends of the calendar, of
    twelve months that there are."""
    last = min(max(until, _SECOND_YEAR), _LAST_YEAR).astimezone(UTC) - timedelta(microseconds=1)
    months = last.year * 12 + last.month - _MONTHS
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
