"""All documents of a year, a quarter or any days in one ZIP file: made in the background, kept in pieces, gone after a day.

What is in it: `pdf/` and `xml/` with the files that the buyer would get one by one, `documents.csv`, `README.txt` in the buyer's language
and `SHA256SUMS`. The same documents give the same bytes. However many there are, only some are in memory at once: files go into the
archive one by one, and out of it in pieces of a megabyte.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portico.domain.errors import NotFound, Refused
from portico.domain.invoice import Document
from portico.domain.scope import BuyerScope, Environment
from portico.services import document_batch, document_file, pack_texts, store_time
from portico.services.document_batch import Filed
from portico.services.document_file import CII, PDF, UBL, MediaType
from portico.services.pack_archive import Archive
from portico.services.runtime import Runtime
from portico.storage import buyer, document, outbox, store
from portico.storage import pack as packs
from portico.storage.pack import Pack
from portico.storage.page import Cursor
from portico.storage.store import StoreRow

JOB = "pack"
PACKS_PER_DAY = 10
MOST_DOCUMENTS = 5_000
KEPT = timedelta(hours=24)
_PART_BYTES = 1_000_000
_PAGE = 48
_PROGRESS_DOCUMENTS = 20
_PROGRESS_EVERY = timedelta(seconds=1)
_YEARS = range(1970, 9998)  # a day more or less is still a day
_COLUMN: dict[MediaType, str] = {PDF: "pdf", CII: "cii", UBL: "ubl"}

Ending = Callable[[], AbstractContextManager[sa.Connection]]


class Interrupted(Exception):
    """Whoever makes the pack was asked to stop; another begins again."""


def ask(runtime: Runtime, scope: BuyerScope, first_day: date, last_day: date) -> Pack:
    """Has a pack made of the documents from one day to another, both included, in the store's time zone. While one is being made for
    the buyer, that one is the answer, whatever its days.

    Raises Refused: "pack_range" (not in order, or none of it has come yet), "pack_empty", "pack_too_large" beyond 5,000 documents,
    "pack_limit" after ten in a day.
    """
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        begun = packs.pending(tx, scope)
        if begun is not None:
            return begun
        shop = store.get(tx, scope.store_id)
        today = store_time.now(runtime, shop, scope.environment).astimezone(ZoneInfo(shop.time_zone)).date()
        if not (first_day <= last_day and first_day <= today and first_day.year in _YEARS and last_day.year in _YEARS):
            raise Refused("pack_range")
        total = document.count_between(tx, scope, *_bounds(first_day, last_day, shop.time_zone))
        if total == 0:
            raise Refused("pack_empty")
        if total > MOST_DOCUMENTS:
            raise Refused("pack_too_large")
        if packs.made_since(tx, scope, now - timedelta(days=1)) >= PACKS_PER_DAY:
            raise Refused("pack_limit")
        asked = Pack(runtime.new_id("PCK"), first_day, last_day, "pending", total, 0, None, None, now, None, now + KEPT)
        if packs.create(tx, scope, asked):
            outbox.add(tx, JOB, {"pack_id": asked.id}, now=now, lane="bulk", key=f"{JOB}:{asked.id}")
            return asked
    with runtime.database.read() as connection:  # another click was a moment faster
        return packs.newest(connection, scope, 1)[0]


def read_parts(runtime: Runtime, scope: BuyerScope, pack_id: str, skip_bytes: int = 0) -> Iterator[bytes]:
    """The file of a pack that is ready, piece by piece, but for its first `skip_bytes`; no connection is held between two pieces.
    Raises NotFound, at once, when there is no such file (any more), or it is another buyer's."""
    with runtime.database.read() as connection:
        found = packs.get(connection, scope, pack_id)
    if found.status != "ready" or found.expires_at <= runtime.clock():
        raise NotFound
    return _parts(runtime, scope, pack_id, skip_bytes)


def file_name(shop: StoreRow, environment: Environment, pack: Pack) -> str:
    """What the file is called: "nordlicht-2026.zip", "nordlicht-2026-Q3.zip", "nordlicht-test-2026-01-05--2026-02-03.zip"."""
    return f"{_folder(shop, environment, pack)}.zip"


def make(runtime: Runtime, pack_id: str, *, ending: Ending, is_to_stop: Callable[[], bool]) -> None:
    """Makes a pack from its beginning, whatever an earlier try has left. `ending` is the transaction that ends the job.

    Raises Interrupted between two documents when it `is_to_stop`, and Conflict when somebody else makes it, too. Nothing happens to one
    that is ready, failed or gone.
    """
    try:
        with runtime.database.read() as connection:
            scope, pack = packs.get_any(connection, pack_id)
            shop, who = store.get(connection, scope.store_id), buyer.get(connection, scope)
    except NotFound:
        return
    start, end = _bounds(pack.first_day, pack.last_day, shop.time_zone)
    with runtime.database.transaction() as tx:
        total = document.count_between(tx, scope, start, end)
        if not packs.begin_again(tx, pack_id, total=total):
            return
    with Archive(_folder(shop, scope.environment, pack)) as archive:
        making = _Making(runtime, shop, pack_id, total, archive, runtime.clock())
        with closing(document_batch.filed(runtime, scope, _documents(runtime, scope, start, end, total))) as documents:
            for found in documents:
                making.add(found)
                if is_to_stop():
                    raise Interrupted
        readme = pack_texts.readme(
            who.locale or shop.locale,
            store_name=shop.name,
            buyer=who.email,
            zone=shop.time_zone,
            start=start,
            end=end,
            count=making.done,
            test=scope.environment == "test",
            missing=making.missing,
        )
        making.finish(readme)
    now = runtime.clock()
    with ending() as tx:
        packs.ready(tx, pack_id, making.size_bytes, making.sha256.digest(), now=now, expires_at=now + KEPT)


def give_up(runtime: Runtime, pack_id: str) -> None:
    """A pack that fails again and again is told to have failed, so that the buyer can ask for another."""
    with runtime.database.transaction() as tx:
        packs.failed(tx, pack_id)


@dataclass
class _Making:
    """A pack in the making: what is in it so far, and what of it has been put away."""

    runtime: Runtime
    shop: StoreRow
    pack_id: str
    total: int
    archive: Archive
    noted_at: datetime
    done: int = 0
    noted: int = 0
    parts: int = 0
    size_bytes: int = 0
    missing: list[str] = field(default_factory=list[str])
    rows: list[bytes] = field(default_factory=lambda: [pack_texts.heading()])
    names: set[str] = field(default_factory=set[str])
    sha256: Any = field(default_factory=sha256)
    last_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.last_at = self._local(self.noted_at)

    def add(self, filed: Filed) -> None:
        found = filed.document
        self.last_at = self._local(found.issued_at)
        names = {media_type: self._name(found, media_type) for media_type in (*filed.files, *filed.missing)}
        for media_type, body in filed.files.items():
            self.archive.add(names[media_type], body, self.last_at, packed=media_type != PDF)
        self.missing += [names[media_type] for media_type in filed.missing]
        there = {_COLUMN[media_type]: names[media_type] for media_type in filed.files}
        self.rows.append(pack_texts.row(found, there, [_COLUMN[media_type] for media_type in filed.missing]))
        self.done += 1
        self._put_away(at_least=_PART_BYTES)

    def finish(self, readme: bytes) -> None:
        self.archive.add("documents.csv", b"".join(self.rows), self.last_at)
        self.archive.add("README.txt", readme, self.last_at)
        self.archive.finish(self.last_at)
        self._put_away(at_least=1)

    def _put_away(self, *, at_least: int) -> None:
        """Keeps what is enough for a part, and tells how far we are: now and then, for each time waits for the disk."""
        enough = self.archive.pending_bytes >= at_least
        now = self.runtime.clock()
        if not enough and self.done - self.noted < _PROGRESS_DOCUMENTS and now - self.noted_at < _PROGRESS_EVERY:
            return
        with self.runtime.database.transaction() as tx:
            if enough:
                body = self.archive.take()
                for at in range(0, len(body), _PART_BYTES):
                    self.parts += 1
                    packs.add_part(tx, self.pack_id, self.parts, body[at : at + _PART_BYTES])
                self.sha256.update(body)
                self.size_bytes += len(body)
            packs.progress(tx, self.pack_id, min(self.done, self.total))
        self.noted, self.noted_at = self.done, now

    def _name(self, found: Document, media_type: MediaType) -> str:
        """The name of the same file alone, in its folder. Numbers from elsewhere may differ in nothing that a name can say."""
        name = f"{'pdf' if media_type == PDF else 'xml'}/{document_file.name_of(found, media_type, found.language)}"
        stem, _, ending = name.rpartition(".")
        free, n = name, 1
        while free.casefold() in self.names:
            n += 1
            free = f"{stem}-{n}.{ending}"
        self.names.add(free.casefold())
        return free

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.shop.time_zone))


def _documents(runtime: Runtime, scope: BuyerScope, start: datetime, end: datetime, total: int) -> Iterator[Document]:
    """The documents, oldest first, page by page. One issued meanwhile comes last, and is not counted: it is for the next pack."""
    after: Cursor | None = None
    while total > 0:
        with runtime.database.read() as connection:
            page = document.between(connection, scope, start, end, after, limit=min(_PAGE, total))
        if not page:
            return
        yield from page
        after, total = Cursor(page[-1].issued_at, page[-1].id), total - len(page)


def _parts(runtime: Runtime, scope: BuyerScope, pack_id: str, skip_bytes: int) -> Iterator[bytes]:
    sequence = 1
    if skip_bytes:  # nothing is read that is not sent: the last byte of a large file would cost all of it
        with runtime.database.read() as connection:
            lengths = packs.part_lengths(connection, scope, pack_id)
        while sequence <= len(lengths) and skip_bytes >= lengths[sequence - 1]:
            skip_bytes -= lengths[sequence - 1]
            sequence += 1
    while True:
        with runtime.database.read() as connection:
            body = packs.part(connection, scope, pack_id, sequence)
        if body is None:
            return
        yield body[skip_bytes:]
        sequence, skip_bytes = sequence + 1, 0


def _bounds(first_day: date, last_day: date, zone: str) -> tuple[datetime, datetime]:
    """From the first moment of one day until the first after the other."""
    start, end = (datetime.combine(day, time.min, ZoneInfo(zone)) for day in (first_day, last_day + timedelta(days=1)))
    return start, end


def _folder(shop: StoreRow, environment: Environment, pack: Pack) -> str:
    slug = f"{shop.slug}-test" if environment == "test" else shop.slug
    return f"{slug}-{_period(pack.first_day, pack.last_day)}"


def _period(first: date, last: date) -> str:
    following = last + timedelta(days=1)
    months = (following.year - first.year) * 12 + following.month - first.month
    if first.day == following.day == 1:
        if months == 12 and first.month == 1:
            return f"{first.year}"
        if months == 3 and first.month in (1, 4, 7, 10):
            return f"{first.year}-Q{first.month // 3 + 1}"
        if months == 1:
            return f"{first:%Y-%m}"
    return f"{first}--{last}" if first != last else f"{first}"
