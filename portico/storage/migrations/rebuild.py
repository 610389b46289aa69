"""How a migration changes the constraints of a table that SQLite holds: SQLite itself cannot."""

from alembic import op


def rebuild(table: str, definition: str, **computed: str) -> None:
    """The steps of sqlite.org/lang_altertable.html, section 7: a new table, the rows, the new one in the place of the old, its indexes
    and triggers. Columns of the new table that the old one lacks have their default, or what `computed` says."""
    connection = op.get_bind()
    if connection.exec_driver_sql("PRAGMA foreign_keys").scalar():
        raise RuntimeError("SQLite must not hold foreign keys while tables are made anew; see storage.migrate")
    held = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type, name"
    indexes_and_triggers = [sql for (sql,) in connection.exec_driver_sql(held, (table,))]
    columns = [row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")]
    names = ", ".join(f'"{name}"' for name in (*columns, *computed))
    values = ", ".join((*(f'"{name}"' for name in columns), *computed.values()))
    op.execute(f"CREATE TABLE new_{table} ({definition})")
    op.execute(f"INSERT INTO new_{table} ({names}) SELECT {values} FROM {table}")  # noqa: S608
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE new_{table} RENAME TO {table}")
    for sql in indexes_and_triggers:
        op.execute(sql)
