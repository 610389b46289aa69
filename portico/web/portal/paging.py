"""Links between the pages of a list."""

from dataclasses import dataclass
from urllib.parse import urlencode

from portico.storage.page import Cursor
from portico.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Links:
    """Where the first page and the following one are; empty when this is the first or the last."""

    first: str
    following: str


def cursor_of(visit: Visit) -> Cursor | None:
    """Where `?after=` says the page starts. Raises Refused("cursor_invalid")."""
    after = visit.query.get("after", "")
    return Cursor.decode(after) if after else None


def links(visit: Visit, path: str, following: str | None, **filters: str) -> Links:
    """The links of the page at `path` that `following` (a cursor) comes after; the filters are kept."""
    kept = {name: value for name, value in filters.items() if value}

    def url(**more: str) -> str:
        query = urlencode({**kept, **more})
        return visit.url(path) + (f"?{query}" if query else "")

    return Links(url() if visit.query.get("after") else "", url(after=following) if following else "")
