"""`portico key create`, `list` and `revoke`."""

from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from portico.cli.console import EnvironmentName, StoreName, note, open_runtime, out, print_table, say, scope_of
from portico.domain.errors import NotFound
from portico.services import api_key


def create(
    *,
    store: StoreName,
    environment: EnvironmentName,
    name: Annotated[str, Parameter(show_default=False, help="What the key is for; only people read it.")] = "",
) -> None:
    """Creates a key. It goes to standard output, alone, and is never shown again."""
    with open_runtime() as runtime:
        made = api_key.create(runtime, scope_of(runtime, store, environment), name=name)
    note(f"Created key {made.id}. Only its hash is kept: store it safely now.")
    out.file.write(made.text + "\n")


def list_keys(*, store: StoreName, environment: EnvironmentName) -> None:
    """Lists the keys of one environment of a store, revoked ones too."""
    with open_runtime() as runtime:
        keys = api_key.every(runtime, scope_of(runtime, store, environment))
    columns = ("id", "name", "begins", "created", "last used", "revoked")
    moments = [(key, [_shown(at) for at in (key.created_at, key.last_used_at, key.revoked_at)]) for key in keys]
    print_table(
        columns,
        [(key.id, key.name, key.prefix, *shown) for key, shown in moments],
        none="There is no key yet; see: portico key create --help",
    )


def revoke(
    key_id: Annotated[str, Parameter(help="The key's id, KEY_...: see portico key list.")],
    /,
    *,
    store: StoreName,
    environment: EnvironmentName,
) -> None:
    """Revokes a key for ever."""
    with open_runtime() as runtime:
        try:
            api_key.revoke(runtime, scope_of(runtime, store, environment), key_id)
        except NotFound as error:
            raise NotFound(str(error) or f"there is no live key {key_id!r} in this environment of the store") from error
    say(f"Revoked key {key_id}.")


def _shown(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(timespec="seconds")
