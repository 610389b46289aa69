"""Links between the pages of a list."""

from urllib.parse import urlencode

from portico.storage.page import Cursor
from portico.web.visit import Visit


def cursor_of(visit: Visit) -> Cursor | None:
    """Where `?after=` says the page starts. Raises Refused("cursor_invalid")."""
    after = visit.query.get("after", "")
    return Cursor.decode(after) if after else None


def pager(visit: Visit, path: str, following: str | None, **filters: str) -> dict[str, str]:
    """`first_url` (empty on the first page) and `next_cursor_url` (empty on the last), with the filters kept."""
    kept = {name: value for name, value in filters.items() if value}

    def url(**more: str) -> str:
        query = urlencode({**kept, **more})
        return visit.url(path) + (f"?{query}" if query else "")

    return {
        "first_url": url() if visit.query.get("after") else "",
        "next_cursor_url": url(after=following) if following else "",
    }
