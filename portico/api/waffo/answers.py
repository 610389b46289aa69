"""What answers on the Waffo surface, behind its one door."""

from typing import TYPE_CHECKING

from portico.api.limits import Limits
from portico.api.waffo.door import Door, read_body, refused
from portico.api.waffo.envelope import Notice, failure
from portico.api.waffo.routes import ACTIONS
from portico.http.asked import Asked
from portico.http.response import Response
from portico.services.late import Late
from portico.services.runtime import Runtime

if TYPE_CHECKING:
    from portico.api.waffo.graphql import answer as graphql
else:
    graphql = Late("portico.api.waffo.graphql.answer")

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
            return graphql.answer(self.door.runtime, asker, read_body(asked))
        except Exception as error:
            return refused(error, "graphql", "graphql")
