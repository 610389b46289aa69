"""`portico store return-origins`."""

from typing import Annotated

from cyclopts import Parameter

from portico.cli.console import StoreName, find_store, open_runtime, say
from portico.domain.errors import Invalid, PorticoError
from portico.domain.scope import StoreScope
from portico.services import portal_configuration, return_url
from portico.services.portal_configuration import Wish


def return_origins(
    store: StoreName,
    /,
    *,
    add: Annotated[list[str] | None, Parameter(help="An origin to put on the list, such as https://shop.example; may be repeated.")] = None,
    remove: Annotated[list[str] | None, Parameter(help="An origin to take off the list; may be repeated.")] = None,
) -> None:
    """Lists the origins that the portal may send a buyer back to, or changes the list."""
    added, removed = _origins("--add", add), _origins("--remove", remove)
    with open_runtime() as runtime:
        row = find_store(runtime, store)
        if missing := [one for one in removed if one not in row.return_origins]:
            raise PorticoError(f"--remove {missing[0]} is not on the list; on it are: {' '.join(row.return_origins) or 'none'}")
        wanted = [*(one for one in row.return_origins if one not in removed), *(one for one in added if one not in row.return_origins)]
        if added or removed:
            scope = StoreScope(row.id, "prod")
            row = portal_configuration.change(runtime, scope, Wish(return_origins=wanted), actor="operator")
        for origin in row.return_origins:
            say(origin)


def _origins(option: str, texts: list[str] | None) -> list[str]:
    try:
        return return_url.origins(texts or ())
    except Invalid as error:
        raise PorticoError(
            f"{option} must be an origin such as {error.errors[0].example}: https, a host, perhaps a port, and nothing after it; "
            "http://localhost needs no place on the list, the test environment takes it as it is"
        ) from error
