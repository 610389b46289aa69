"""The Waffo surface as a part of the site: two addresses, one for all actions and one for queries.

What answers is loaded with the first request: most installations never get one, and its libraries cost every start a tenth of a second.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from portico.api.waffo import envelope
from portico.http.asked import Asked
from portico.http.part import Part, Route
from portico.http.response import Response
from portico.services.late import Late
from portico.services.runtime import Runtime

if TYPE_CHECKING:
    from portico.api.waffo import answers
else:
    answers = Late("portico.api.waffo.answers")

PREFIXES = ("/v1/actions", "/v1/graphql")
BODY_LIMIT_BYTES = 256 * 1024

Answer = Callable[[Asked], Response]


def waffo(runtime: Runtime) -> Part:
    """Everything below /v1/actions, and /v1/graphql. It comes before the native API, whose prefix is /v1."""
    loaded = cache(lambda: answers.Answers(runtime))

    def act(asked: Asked) -> Response:
        return loaded().act(asked)

    def query(asked: Asked) -> Response:
        return loaded().query(asked)

    return Part(
        name="waffo",
        prefixes=PREFIXES,
        methods=frozenset({"POST"}),
        routes=(
            Route("POST", "/v1/actions/{service:str}/{action:str}", act, BODY_LIMIT_BYTES),
            Route("POST", "/v1/graphql", query, BODY_LIMIT_BYTES),
        ),
        refuse=envelope.refuse,
    )
