"""Lists, newest first, in pages that a cursor leads through."""

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from portico.storage.page import Cursor, Page

T = TypeVar("T")
Item = TypeVar("Item")


class Paged(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What every list takes in its query; those with filters add fields."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100, description="How many to give at most.")] = 25
    cursor: Annotated[str, msgspec.Meta(max_length=80, description="Where to go on: `next_cursor` of the page before.")] | None = None

    @property
    def after(self) -> Cursor | None:
        """The cursor, read. Raises Refused("cursor_invalid")."""
        return None if self.cursor is None else Cursor.decode(self.cursor)


class Listed(msgspec.Struct, Generic[T], frozen=True):
    """A page of a list."""

    data: list[T]
    has_more: bool
    next_cursor: Annotated[str, msgspec.Meta(examples=["MTc3MTk4NTIwMDAwMDAwMC5PUkQ"])] | None


def listed(page: Page[Item], shown: Callable[[Item], T]) -> Listed[T]:
    """A page of the storage's as the API shows it."""
    return Listed([shown(item) for item in page.items], page.next is not None, page.next)


def whole(items: list[Any]) -> Listed[Any]:
    """A short list that has no pages."""
    return Listed(items, False, None)
