"""POST /v1/graphql: a query and its variables in, data and errors out.

Nothing of the library is loaded until the first query: this module, and all others of this package, are imported by `answers.py`
with it.
"""

from functools import cached_property, lru_cache, partial
from typing import Any, cast

import msgspec
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    execute,  # pyright: ignore[reportUnknownVariableType]  # it may give something to wait for
    get_operation_ast,
    parse,
    validate,
)

from portico.api.waffo.asker import Asker
from portico.api.waffo.envelope import Notice, Trouble, trouble
from portico.api.waffo.graphql import limits
from portico.api.waffo.graphql.lenient import RULES
from portico.api.waffo.graphql.nodes import Reading
from portico.api.waffo.graphql.schema import RELATIONS, schema
from portico.http.response import JSON, Response
from portico.services.runtime import Runtime
from portico.storage import graphql_rows

_MOST_ERRORS = 20
_KEPT, _LONGEST_KEPT = 32, 2_000  # programs ask the same few queries all the time; read and checked, one takes up to half a megabyte
_KNOWN = frozenset({"query", "variables", "operationName", "extensions"})
# What the original has and this surface has not: figures that nobody has checked would be worse than none.
_NOT_SERVED = frozenset({
    "orderStatistics", "paymentStatistics", "productStatistics", "trendAnalysis", "distributionAnalysis", "customerAnalysis",
    "taxAnalysis", "subscriptionAnalysis", "refundTicketAnalysis",
})  # fmt: skip


# Resolvers give values, never what has to be waited for; to look at each for that takes a tenth of the time.
_execute: Any = partial(cast(Any, execute), is_awaitable=lambda _: False)  # pyright: ignore[reportUnknownLambdaType]


class Faulty(Exception):
    """A query that cannot be answered at all."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


def answer(runtime: Runtime, asker: Asker, body: dict[str, Any]) -> Response:
    """The answer to one query. Raises Trouble for one that is refused as a whole: 403 when it is none, 400 when it is too much."""
    query, variables, name = _asked(body)
    try:
        text = _kept(query) if len(query) <= _LONGEST_KEPT else Text(query)
        operation = _operation(text.document, name)
        cost = limits.hold(text.document, operation, variables)
        if text.errors:
            raise Faulty(text.errors)
    except Faulty as faulty:
        return _response(400, None, faulty.errors, [])
    except RecursionError:
        raise trouble(400, "Query is nested too deeply", "graphql", limits.REDUCE) from None
    with runtime.database.read() as connection:
        reading = Reading(graphql_rows.apart(connection), asker, RELATIONS, runtime.clock())
        found = cast(ExecutionResult, _execute(schema(), text.document, None, reading, variables, name, max_coercion_errors=_MOST_ERRORS))
    errors = list(found.errors or ())
    _raise_ours(errors)
    if reading.too_large:
        raise Trouble(
            400,
            *(
                Notice(error.message, "graphql", limits.REDUCE)
                for error in errors
                if (error.extensions or {}).get("aiHint") == limits.REDUCE
            ),
        )
    if cost > limits.COST_TOLD:
        reading.warn(Notice(f"Query cost {cost} is near the maximum of {limits.MOST_COST}", "graphql", limits.REDUCE))
    return _response(400 if found.data is None and errors else 200, found.data, errors, reading.warnings)


def _asked(body: dict[str, Any]) -> tuple[str, dict[str, Any], str | None]:
    """The parts of a body. Raises Trouble(400)."""
    query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if query is None:
        raise trouble(400, "Missing required field: query", "graphql")
    unknown = sorted(set(body) - _KNOWN)
    if unknown:
        raise trouble(400, f"Unknown field: {unknown[0][:60]}", "graphql")
    if not isinstance(query, str) or not isinstance(name, str | None) or not isinstance(variables, dict | None):
        raise trouble(400, "query and operationName must be strings, variables an object", "graphql")
    if len(query) > limits.LONGEST_QUERY:
        raise trouble(400, f"Query is longer than {limits.LONGEST_QUERY} characters", "graphql", limits.REDUCE)
    return query, cast(dict[str, Any], variables or {}), name


class Text:
    """A query's text, read; whether it fits the schema is found out when that is asked for."""

    def __init__(self, query: str) -> None:
        """Raises Faulty, or Trouble for what is no query or names too much."""
        try:
            self.document = parse(query, max_tokens=limits.MOST_TOKENS)
        except GraphQLSyntaxError as error:
            raise Faulty([error]) from None
        for operation in self.document.definitions:
            if isinstance(operation, OperationDefinitionNode):
                _only_queries(operation)
        limits.hold_names(self.document)

    @cached_property
    def errors(self) -> list[GraphQLError]:
        return validate(schema(), self.document, RULES, max_errors=_MOST_ERRORS)


_kept = lru_cache(_KEPT)(Text)


def _only_queries(operation: OperationDefinitionNode) -> None:
    kind = operation.operation.value
    if kind != "query":
        raise trouble(403, f"{kind.capitalize()}s are not supported: only queries are", "graphql", "Writes go to /v1/actions/*.")
    named = {getattr(each, "name", None) and each.name.value for each in operation.selection_set.selections}  # type: ignore[attr-defined]
    missing = sorted(_NOT_SERVED & named)
    if missing:
        raise trouble(501, "Not implemented", "graphql", f"{missing[0]} is not served here: count what the lists have.")


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operation = get_operation_ast(document, name)
    if operation is None:
        raise Faulty(
            [
                GraphQLError(
                    "Must provide operation name if query contains multiple operations."
                    if name is None
                    else f"Unknown operation named {name[:60]!r}."
                )
            ]
        )
    return operation


def _raise_ours(errors: list[GraphQLError]) -> None:
    """What no query can be blamed for: the door says what is to be said of it."""
    for error in errors:
        if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
            raise error.original_error


def _response(status: int, data: dict[str, Any] | None, errors: list[GraphQLError], warnings: list[Notice]) -> Response:
    said: dict[str, Any] = {"data": data}
    if errors:
        said["errors"] = [_wire(error) for error in errors]
    if warnings:
        said["warnings"] = [warning.wire for warning in warnings]
    return Response(status, msgspec.json.encode(said), JSON)


def _wire(error: GraphQLError) -> dict[str, Any]:
    said: dict[str, Any] = {"message": error.message, "layer": "graphql"}
    if error.locations:
        said["locations"] = [{"line": each.line, "column": each.column} for each in error.locations]
    if error.path:
        said["path"] = error.path
    hint = (error.extensions or {}).get("aiHint")
    return {**said, "aiHint": hint} if hint else said
