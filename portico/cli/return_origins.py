"""`portico store return-origins`."""

from typing import Annotated

from cyclopts import Parameter

from portico.cli.console import StoreName, find_store, open_runtime, out
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
    added, removed = return_url.origins(add or ()), return_url.origins(remove or ())
    with open_runtime() as runtime:
        row = find_store(runtime, store)
        wanted = [*(one for one in row.return_origins if one not in removed), *(one for one in added if one not in row.return_origins)]
        if added or removed:
            scope = StoreScope(row.id, "prod")
            row = portal_configuration.change(runtime, scope, Wish(return_origins=wanted), actor="operator")
        for origin in row.return_origins:
            out.print(origin, soft_wrap=True)
