"""Many documents at once: asking for those of a year, a quarter or any days, watching them being put together, and the file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from portico.domain.errors import Refused
from portico.http import ranges
from portico.http.download import content_disposition
from portico.http.response import Response, json, see_other
from portico.i18n import words
from portico.i18n.catalog import N_, catalog, fill
from portico.i18n.format import formats
from portico.services import pack
from portico.storage import document
from portico.storage import pack as packs
from portico.storage.pack import Pack
from portico.web import view
from portico.web.visit import Visit

PATH = "/invoices/pack"
FIELDS = frozenset({"period", "first_day", "last_day"})
_NEWEST = 10
_YEAR_OR_QUARTER = re.compile(r"([0-9]{4})(?:-Q([1-4]))?")
_DAY = timedelta(days=1)
_SAID = N_("{done} of {total} documents")
_ANOTHER = N_("Another download is still being put together. Please ask for this one when that is ready.")


@dataclass(frozen=True, slots=True)
class Period:
    """A year or a quarter to choose: its value in the form, and when it starts and ends (exclusive), as moments in UTC."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Year:
    name: str
    quarters: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class ShownPack:
    """A pack as its pages tell of it: `start` and `end` (exclusive) of its days, as moments in UTC; its size in the larger unit."""

    id: str
    start: datetime
    end: datetime
    status: str
    is_ready: bool
    total: int
    done: int
    kilobytes: int
    megabytes: int
    expires_at: datetime


def form(visit: Visit) -> Response:
    """What to choose from, and the packs made last."""
    return _show(visit)


def ask(visit: Visit) -> Response:
    """Has a pack made, and leads to its page. What is wrong with the choice, or stands against it for now, is said where it was made."""
    errors: dict[str, str] = {}
    if "period" in visit.form:
        first, last = _of_period(visit.form["period"])
    else:
        first, last = (_day(visit, name, errors) for name in ("first_day", "last_day"))
    if first is None or last is None:
        return _show(visit, status=422, errors=errors)
    try:
        made = pack.ask(visit.runtime, visit.buyer_scope, first, last)
    except Refused as refused:
        return _show(visit, status=409, errors={"form": words.why_not(visit.language, refused.code)})
    if (made.first_day, made.last_day) != (first, last):
        return _show(visit, status=409, errors={"form": catalog(visit.language).message(_ANOTHER)})
    return see_other(visit.url(f"{PATH}/{made.id}"))


def progress(visit: Visit) -> Response:
    """How far it is, or the file. The portal's script asks for the state alone."""
    pack_id = visit.id("PCK")
    with visit.runtime.database.read() as tx:
        found = shown(packs.get(tx, visit.buyer_scope, pack_id), now=visit.now)
    number = formats(visit.language).number
    said = fill(catalog(visit.language).message(_SAID), done=number(found.done), total=number(found.total))
    if visit.asked.wants_json:
        return json(200, {"state": found.status, "done": found.done, "said": said})
    return view.page(visit, "pack_progress.html", pack=found, said=said)


def download(visit: Visit) -> Response:
    """The file itself, piece by piece, or what is left of it; the page that says why, while or after there is none."""
    pack_id = visit.id("PCK")
    with visit.runtime.database.read() as tx:
        found = packs.get(tx, visit.buyer_scope, pack_id)
    if found.size_bytes is None or found.sha256 is None or found.expires_at <= visit.now:
        return see_other(visit.url(f"{PATH}/{pack_id}"))
    pieces = partial(pack.read_parts, visit.runtime, visit.buyer_scope, pack_id)
    named = ("content-disposition", content_disposition(pack.file_name(visit.store, visit.environment, found)))
    return ranges.answer(visit.asked, pieces, "application/zip", named, length=found.size_bytes, sha256=found.sha256)


def years(first: date, last: date) -> tuple[Year, ...]:
    """The years and quarters from the first document to the last, the newest first."""
    return tuple(
        Year(str(year), tuple(quarter for number in (4, 3, 2, 1) if _overlaps(quarter := _quarter(year, number), first, last)))
        for year in range(last.year, first.year - 1, -1)
    )


def shown(found: Pack, *, now: datetime) -> ShownPack:
    """A pack as it is told of `now`, the real time."""
    kilobytes = -(-(found.size_bytes or 0) // 1000)
    return ShownPack(
        id=found.id,
        start=_midnight(found.first_day),
        end=_midnight(found.last_day + _DAY),
        status=found.status,
        is_ready=found.status == "ready" and found.expires_at > now,
        total=found.total,
        done=found.done,
        kilobytes=kilobytes,
        megabytes=kilobytes // 1000 if kilobytes >= 10_000 else 0,
        expires_at=found.expires_at,
    )


def _show(visit: Visit, *, status: int = 200, errors: Mapping[str, str] | None = None) -> Response:
    with visit.runtime.database.read() as tx:
        span = document.span(tx, visit.buyer_scope)
        newest = packs.newest(tx, visit.buyer_scope, _NEWEST)
    zone = ZoneInfo(visit.store.time_zone)
    first, last = (moment.astimezone(zone).date() for moment in span) if span else (None, None)
    return view.page(
        visit,
        "pack.html",
        status_code=status,
        years=years(first, last) if first and last else (),
        earliest=first.isoformat() if first else "",
        latest=last.isoformat() if last else "",
        packs=[shown(found, now=visit.now) for found in newest],
        values=visit.form,
        errors=errors or {},
    )


def _quarter(year: int, number: int) -> Period:
    following = date(year + number // 4, number % 4 * 3 + 1, 1)
    return Period(f"{year}-Q{number}", _midnight(date(year, number * 3 - 2, 1)), _midnight(following))


def _overlaps(quarter: Period, first: date, last: date) -> bool:
    return quarter.start.date() <= last and first < quarter.end.date()


def _of_period(text: str) -> tuple[date, date]:
    """The first and the last day of "2026" or "2026-Q3". Raises Refused("form_invalid")."""
    found = _YEAR_OR_QUARTER.fullmatch(text)
    if found is None or not date.min.year < int(found[1]) < date.max.year:
        raise Refused("form_invalid")
    year = int(found[1])
    if found[2] is None:
        return date(year, 1, 1), date(year, 12, 31)
    quarter = _quarter(year, int(found[2]))
    return quarter.start.date(), quarter.end.date() - _DAY


def _day(visit: Visit, name: str, errors: dict[str, str]) -> date | None:
    """A day as a date input sends it, or as it is typed where there is none; what is wrong goes to `errors`."""
    try:
        return date.fromisoformat(visit.form.get(name, "").strip())
    except ValueError:
        errors[name] = words.error_text(visit.language, "date_format", visit.store_now.date().isoformat())
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
