"""Counts of hits by a hashed key, in the database so that every process counts alike."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.storage.rows import scalar
from portico.storage.tables import rate_limit as table

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MANY = 1_000_000_000


def _hit_statement(insert: Any) -> Any:
    values = {name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in ("key", "window_start")}
    one_more = sa.case((table.c.count < sa.bindparam("p_stop_at", type_=sa.Integer()), table.c.count + 1), else_=table.c.count)
    return (
        insert(table)
        .values(**values, count=1)
        .on_conflict_do_update(index_elements=["key", "window_start"], set_={"count": one_more})
        .returning(table.c.count)
    )


_HIT = {"sqlite": _hit_statement(sqlite.insert), "postgresql": _hit_statement(postgresql.insert)}
_COUNT = sa.select(table.c.count).where(table.c.key == sa.bindparam("p_key"), table.c.window_start == sa.bindparam("p_window_start"))

_TAKE_BACK = (
    sa.update(table)
    .where(table.c.key == sa.bindparam("p_key"), table.c.window_start == sa.bindparam("p_window_start"), table.c.count > 0)
    .values(count=table.c.count - 1)
)


def hit(tx: sa.Connection, key: bytes, now: datetime, window_seconds: int, *, stop_at: int = _MANY) -> int:
    """Counts a hit and tells how many there were in the last `window_seconds`, this one included.

    The count slides: hits of the window before count by the share of it that still lies within reach, rounded up, so that
    nobody gets twice the limit around the turn of a window. A window counts up to `stop_at` and no further: when that is one
    more than the limit, a flood of refused hits does not weigh on the next window. `key` is 32 bytes and names the window's
    length too.
    """
    start = _start(now, window_seconds)
    counted: int = scalar(tx, _HIT[tx.dialect.name], {"p_key": key, "p_window_start": start, "p_stop_at": stop_at})
    return counted + _carried(tx, key, now, window_seconds)


def is_within(tx: sa.Connection, key: bytes, now: datetime, window_seconds: int, limit: int) -> bool:
    """Counts a hit, and tells whether there were no more than `limit` in the last `window_seconds`."""
    return hit(tx, key, now, window_seconds, stop_at=limit + 1) <= limit


def count(tx: sa.Connection, key: bytes, now: datetime, window_seconds: int) -> int:
    """How many hits there were in the last `window_seconds`, as `hit` counts them, without adding one."""
    here: int = scalar(tx, _COUNT, {"p_key": key, "p_window_start": _start(now, window_seconds)}) or 0
    return here + _carried(tx, key, now, window_seconds)


def take_back(tx: sa.Connection, key: bytes, now: datetime, window_seconds: int) -> None:
    """Undoes one `hit` of the same moment."""
    tx.execute(_TAKE_BACK, {"p_key": key, "p_window_start": _start(now, window_seconds)})


def _carried(tx: sa.Connection, key: bytes, now: datetime, window_seconds: int) -> int:
    start, window = _start(now, window_seconds), timedelta(seconds=window_seconds)
    before: int = scalar(tx, _COUNT, {"p_key": key, "p_window_start": start - window}) or 0
    return -(-before * (start + window - now) // window)


def _start(now: datetime, window_seconds: int) -> datetime:
    return now - (now - _EPOCH) % timedelta(seconds=window_seconds)
