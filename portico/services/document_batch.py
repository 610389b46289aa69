"""The files of many documents: what is kept is read, what is missing is made, two at a time, and kept by the batch.

One by one they would cost a transaction each, and every transaction waits for the disk. Only a few documents are in memory at once,
and while one batch is being kept and taken the next is in the making.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa

from portico.domain.errors import Refused
from portico.domain.invoice import Document
from portico.domain.scope import BuyerScope
from portico.services import document_file
from portico.services.document_file import CII, PDF, UBL, MediaType
from portico.services.runtime import Runtime
from portico.storage import document

AT_ONCE = 2  # the renderer works without Python's lock and has so many compilers; see documents.render
_BATCH = 8
_MADE_IN_ORDER: tuple[MediaType, ...] = (CII, PDF, UBL)


@dataclass(frozen=True, slots=True)
class Filed:
    """A document with its files. Those in `missing` could not be made; jobs of their own try again. An e-invoice that the standard
    has no words for is in neither. Files are in the order PDF, CII, UBL."""

    document: Document
    files: dict[MediaType, bytes]
    missing: tuple[MediaType, ...]


Made = bytes | Exception | None


@dataclass(frozen=True, slots=True)
class _Begun:
    """A document whose files are in the making. `waits` are those that a job is at already."""

    document: Document
    kept: dict[MediaType, bytes]
    waits: tuple[MediaType, ...]
    making: Future[dict[MediaType, Made]] | None


def filed(runtime: Runtime, scope: BuyerScope, documents: Iterable[Document]) -> Generator[Filed]:
    """Each document with its files, in order. `documents` have their contents and are the buyer's own. Who does not take them all has
    to close it."""
    source = iter(documents)
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="portico-files")
    try:
        ahead: list[_Begun] = []
        while batch := list(islice(source, _BATCH)):
            begun = _begin(runtime, scope, batch, pool)
            yield from _end(runtime, scope, ahead)
            ahead = begun
        yield from _end(runtime, scope, ahead)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(runtime: Runtime, scope: BuyerScope, batch: Sequence[Document], pool: ThreadPoolExecutor) -> list[_Begun]:
    """Reads what is kept, and has the rest made."""
    begun: list[_Begun] = []
    with runtime.database.read() as connection:
        for found in batch:
            kept: dict[MediaType, bytes] = {}
            waits: list[MediaType] = []
            wanted: list[MediaType] = []
            for media_type in _media_types(found):
                body = document.file(connection, scope, found.id, found.language, media_type)
                if body is not None:
                    kept[media_type] = body
                elif document_file.is_made_later(connection, found, media_type, found.language):
                    waits.append(media_type)
                else:
                    wanted.append(media_type)
            making = pool.submit(_make, found, wanted, kept.get(CII)) if wanted else None
            begun.append(_Begun(found, kept, tuple(waits), making))
    return begun


def _end(runtime: Runtime, scope: BuyerScope, batch: list[_Begun]) -> Iterator[Filed]:
    """Keeps what was made, in one transaction, and lets go of each document that has been taken."""
    ended = [(each, each.making.result() if each.making is not None else {}) for each in batch]
    batch.clear()
    taken = [_filed(each.document, each.kept, each.waits) for each, files in ended if not files]
    if len(taken) < len(ended):
        with runtime.database.transaction() as tx:
            taken = [_keep(tx, runtime, scope, each, files) for each, files in ended]
    ended.clear()
    while taken:
        yield taken.pop(0)


def _keep(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, each: _Begun, made: dict[MediaType, Made]) -> Filed:
    found, files, missing = each.document, dict(each.kept), list(each.waits)
    for media_type, body in made.items():
        if isinstance(body, bytes):
            now = runtime.clock()
            files[media_type] = document.keep_file(tx, scope, found.id, found.language, media_type, body=body, now=now)
        elif body is not None:
            document_file.make_later(tx, runtime, found, media_type, found.language, error=body)
            missing.append(media_type)
    return _filed(found, files, missing)


def _filed(found: Document, files: Mapping[MediaType, bytes], missing: Sequence[MediaType]) -> Filed:
    """In one order, whatever was kept before."""
    wanted = _media_types(found)
    return Filed(found, {each: files[each] for each in wanted if each in files}, tuple(each for each in wanted if each in missing))


def _make(found: Document, wanted: Sequence[MediaType], cii: bytes | None) -> dict[MediaType, Made]:
    """In a thread: each file, what stood against making it, or nothing where there is to be none. The PDF holds the very e-invoice
    that is kept beside it, `cii` if there is one."""
    made: dict[MediaType, Made] = {}
    for media_type in sorted(wanted, key=_MADE_IN_ORDER.index):
        try:
            made[media_type] = body = document_file.made_of(found, media_type, found.language, cii if media_type == PDF else None)
            cii = body if media_type == CII else cii
        except Refused:
            made[media_type] = None
        except Exception as error:  # whatever it is, the other documents are wanted all the same
            made[media_type] = error
    return made


def _media_types(found: Document) -> tuple[MediaType, ...]:
    return (PDF,) if found.kind == "receipt" else (PDF, CII, UBL)
