"""Which version of the tables a database has. Apart from `migrate`, so that serving does not load the migration tool."""

import sqlalchemy as sa

HEAD = "0005"
_REVISION = sa.text("SELECT version_num FROM alembic_version")


def revision(connection: sa.Connection) -> str | None:
    """The revision the tables are at; None before the first migration."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(_REVISION).scalar()
