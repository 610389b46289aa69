"""Keyset pages: a page's cost does not grow with what lies before it. Lists are newest first, by (moment, id)."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from portico.domain.errors import Refused
from portico.storage.columns import Id, Instant

PAGE_SIZE = 25
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MICROSECONDS = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LONGEST_CURSOR = 80

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page; the next page starts after it."""

    created_at: datetime
    id: str

    def encode(self) -> str:
        """Opaque text for a URL."""
        microseconds = (self.created_at - _EPOCH) // timedelta(microseconds=1)
        return base64.urlsafe_b64encode(f"{microseconds}.{self.id}".encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """The inverse of `encode`. Anything else raises Refused("cursor_invalid")."""
        try:
            if len(text) > _LONGEST_CURSOR:
                raise ValueError
            plain = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
            microseconds, _, row_id = plain.partition(".")
            if not 0 <= int(microseconds) <= _LATEST_MICROSECONDS:
                raise ValueError
            cursor = cls(_EPOCH + timedelta(microseconds=int(microseconds)), row_id)
        except (ValueError, binascii.Error):
            raise Refused("cursor_invalid") from None
        if cursor.encode() != text or not row_id.replace("_", "").isalnum():
            raise Refused("cursor_invalid")
        return cursor


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and the encoded cursor of the next page; None at the end."""

    items: tuple[T, ...]
    next: str | None


def newest_first(select: sa.Select[Any], moment: sa.Column[Any], row_id: sa.Column[Any], *, after_cursor: bool) -> sa.Select[Any]:
    """`select` in page order, limited by `p_limit`, and after (p_moment, p_id) if it follows a cursor."""
    if after_cursor:
        here = sa.tuple_(sa.bindparam("p_moment", type_=Instant()), sa.bindparam("p_id", type_=Id))
        select = select.where(sa.tuple_(moment, row_id) < here)
    return select.order_by(moment.desc(), row_id.desc()).limit(sa.bindparam("p_limit"))


def oldest_first(select: sa.Select[Any], moment: sa.Column[Any], row_id: sa.Column[Any], *, after_cursor: bool) -> sa.Select[Any]:
    """The same the other way round, for work that goes through all of them."""
    if after_cursor:
        here = sa.tuple_(sa.bindparam("p_moment", type_=Instant()), sa.bindparam("p_id", type_=Id))
        select = select.where(sa.tuple_(moment, row_id) > here)
    return select.order_by(moment, row_id).limit(sa.bindparam("p_limit"))


def position(cursor: Cursor | None, limit: int) -> dict[str, Any]:
    """What a statement made by `newest_first` binds. One row more than the page shows whether another page follows."""
    if cursor is None:
        return {"p_limit": limit + 1}
    return {"p_limit": limit + 1, "p_moment": cursor.created_at, "p_id": cursor.id}
