"""What answers on the Waffo surface, behind its one door."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, cast

from portico.api.limits import Limits
from portico.api.waffo.asker import Asker
from portico.api.waffo.door import Door, read_body, refused
from portico.api.waffo.envelope import Notice, failure
from portico.api.waffo.routes import ACTIONS
from portico.http.asked import Asked
from portico.http.response import Response
from portico.services.runtime import Runtime

_SHOWN = 80  # characters of a name, in a message


class Answers:
    """One per process."""

    def __init__(self, runtime: Runtime) -> None:
        self.door = Door(runtime, Limits())

    def act(self, asked: Asked) -> Response:
        """POST /v1/actions/{service}/{verb-noun}."""
        name = f"{asked.ids['service']}/{asked.ids['action']}"
        action = ACTIONS.get(name)
        if action is None:
            return failure(404, (Notice(f"There is no action {name[:_SHOWN]}", "gateway"),))
        return self.door.answer(action, asked)

    def query(self, asked: Asked) -> Response:
        """POST /v1/graphql."""
        try:
            asker = self.door.admit(asked).asker
            return _queries()(self.door.runtime, asker, read_body(asked))
        except Exception as error:
            return refused(error, "graphql", "graphql")


@cache
def _queries() -> Callable[[Runtime, Asker, dict[str, Any]], Response]:
    """What answers queries, loaded with the first one: graphql-core costs a process that never gets any a tenth of a second."""
    return cast(Any, import_module("portico.api.waffo.graphql.answer")).answer
