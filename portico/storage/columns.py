"""Column types that behave alike on SQLite and PostgreSQL, and the groups of columns that many tables share."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict

import sqlalchemy as sa
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Integer, String
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import UserDefinedType

from portico.domain.scope import ENVIRONMENTS

# Ids compare byte by byte on both databases, so that "newest first" is one order everywhere.
Id = String(30).with_variant(postgresql.VARCHAR(30, collation="C"), "postgresql")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(UserDefinedType[datetime]):
    """A moment, kept as whole microseconds since 1970 UTC in a BIGINT: exact, and equal on both databases."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "BIGINT"

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        def process(value: datetime | None) -> int | None:
            if value is None:
                return None
            return (value - _EPOCH) // _MICROSECOND  # a naive value raises here, which is wanted

        return process

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        def process(value: int | None) -> datetime | None:
            return None if value is None else _EPOCH + timedelta(microseconds=value)

        return process


class Duration(UserDefinedType[timedelta]):
    """A length of time, kept as whole microseconds in a BIGINT."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "BIGINT"

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        def process(value: timedelta | None) -> int | None:
            return None if value is None else value // _MICROSECOND

        return process

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        def process(value: int | None) -> timedelta | None:
            return None if value is None else value * _MICROSECOND

        return process


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """The column holds one of these words."""
    quoted = ", ".join(f"'{v}'" for v in values)
    return CheckConstraint(f"{column} IN ({quoted})", name=column)


def of_store() -> list[SchemaItem]:
    """The scope columns of a row that no buyer owns."""
    return [*_scope(), one_of("environment", ENVIRONMENTS), sa.ForeignKeyConstraint(["store_id"], ["store.id"])]


def of_buyer() -> list[SchemaItem]:
    """The scope columns of a buyer's row; its composite foreign keys reach the buyer, and thereby the store."""
    return [*_scope(), Column("buyer_id", Id, nullable=False)]


def _scope() -> list[SchemaItem]:
    return [Column("store_id", Id, nullable=False), Column("environment", String(4), nullable=False)]


def belongs(*columns: str, to: str) -> ForeignKeyConstraint:
    """A foreign key that carries the scope: (store_id, environment[, buyer_id], x_id) -> the same columns of `to`."""
    targets = [f"{to}.{c}" for c in columns[:-1]] + [f"{to}.id"]
    return ForeignKeyConstraint(list(columns), targets)


def amounts() -> list[SchemaItem]:
    """Net, tax and total in minor units, which add up."""
    minor = [Column(name, BigInteger, nullable=False) for name in ("net_minor", "tax_minor", "total_minor")]
    return [*minor, CheckConstraint("net_minor + tax_minor = total_minor", name="total")]


def method() -> list[SchemaItem]:
    """What may be kept of a card."""
    return [
        Column("method_brand", String(20)),
        Column("method_last4", String(4)),
        Column("method_expiry_month", Integer),
        Column("method_expiry_year", Integer),
    ]


class Partial(TypedDict):
    """The arguments that make an index partial."""

    sqlite_where: sa.TextClause
    postgresql_where: sa.TextClause


def word(text: str) -> sa.ColumnElement[str]:
    """A word of our own that stands in the statement itself: where a parameter stands for it, no partial index is used."""
    return sa.literal_column(f"'{text}'", sa.String())


def only(condition: str) -> Partial:
    """The arguments that make an index partial on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
