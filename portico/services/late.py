"""Modules that are loaded when something of them is first used: their libraries cost every start, and most processes never need them.

Written beside an import that only the type checker reads, so that a use is typed and looks like any other:

    if TYPE_CHECKING:
        from portico.services import rsa
    else:
        rsa = Late("portico.services.rsa")
"""

from importlib import import_module
from typing import Any


class Late:
    """Stands for a module, by its full name, until something of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)
