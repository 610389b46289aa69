"""Column types that behave alike on SQLite and PostgreSQL."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import UserDefinedType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(UserDefinedType[datetime]):
    """A moment, kept as whole microseconds since 1970 UTC in a BIGINT: exact, and equal on both databases."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "BIGINT"

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[datetime | None], int | None]:
        def process(value: datetime | None) -> int | None:
            if value is None:
                return None
            return (value - _EPOCH) // _MICROSECOND  # a naive value raises here, which is wanted

        return process

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[int | None], datetime | None]:
        def process(value: int | None) -> datetime | None:
            return None if value is None else _EPOCH + timedelta(microseconds=value)

        return process
