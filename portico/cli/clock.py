"""`portico clock advance`: a store's test environment plays everything that falls due."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from portico.cli.console import StoreName, find_store, open_runtime, say
from portico.domain.calendar import period_bounds
from portico.domain.catalog import Interval
from portico.domain.errors import PorticoError
from portico.domain.scope import StoreScope
from portico.jobs.worker import Worker
from portico.services import store_time, test_clock
from portico.storage.store import StoreRow

_SPAN = re.compile(r"([1-9][0-9]{0,3})(h|d|w|mo|y)")
_BY_CALENDAR: dict[str, Interval] = {"mo": "month", "y": "year"}
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


def advance(
    *,
    store: StoreName,
    to: Annotated[str | None, Parameter(help="The moment to go to: 2027-01-31, or 2027-01-31T12:00, in the store's time zone.")] = None,
    by: Annotated[str | None, Parameter(help="How far to go: 12h, 3d, 2w, 1mo or 1y.")] = None,
) -> None:
    """Moves the clock of a store's test environment, and plays all that falls due on the way in order: renewals, retries, mails."""
    if (to is None) == (by is None):
        raise PorticoError("say where to go, with either --to DATE or --by 1mo")
    with open_runtime() as runtime:
        row = find_store(runtime, store)
        now = store_time.now(runtime, row, "test")
        target = _moment(row, to) if to is not None else _later(now, by or "")
        worker = Worker(runtime)
        played = test_clock.advance(runtime, StoreScope(row.id, "test"), target, work=worker.run_until_idle)
    zone = ZoneInfo(row.time_zone)
    say(f"It is now {played.until.astimezone(zone):%Y-%m-%d %H:%M} in the test environment of {row.slug} ({row.time_zone}).")
    say(f"On the way, at moments: {played.moments}; steps of subscriptions: {played.steps}; charges: {played.charges}.")


def _moment(store: StoreRow, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PorticoError(f"--to {text!r} is no moment; write 2027-01-31 or 2027-01-31T12:00") from None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(store.time_zone))).astimezone(UTC)


def _later(now: datetime, text: str) -> datetime:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise PorticoError(f"--by {text!r} is no span of time; write 12h, 3d, 2w, 1mo or 1y")
    count, unit = int(match[1]), match[2]
    try:
        if unit in _BY_CALENDAR:
            return period_bounds(now, _BY_CALENDAR[unit], count)[0]
        return now + timedelta(hours=count * _HOURS[unit])
    except (ValueError, OverflowError):
        raise PorticoError(f"--by {text} goes beyond the calendar") from None
