"""The rules of validation, but for one: a variable that is declared as another kind of text is taken.

Clients declare the same argument as `ID!` here and as `String!` there, and moments as either; all of them are texts on the wire.
"""

from typing import Any, cast

from graphql import (
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    VariablesInAllowedPositionRule,
    get_named_type,
    specified_rules,
    type_from_ast,  # pyright: ignore[reportUnknownVariableType]  # by its overloads, in part
)
from graphql.validation.rules.variables_in_allowed_position import allowed_variable_usage

_DECLARED = frozenset({"ID", "String"})
_TEXTS = frozenset({"ID", "String", "DateTime"})


class AnyTextInItsPlace(VariablesInAllowedPositionRule):
    """Like the rule of the specification, with all texts as one type."""

    def leave_operation_definition(self, operation: OperationDefinitionNode, *_args: Any) -> None:
        schema = self.context.schema
        for usage in self.context.get_recursive_variable_usages(operation):
            declared: Any = self.var_def_map.get(usage.node.name.value)
            place = cast(Any, usage.type)  # pyright: ignore[reportUnknownMemberType]
            own = None if declared is None else cast(Any, type_from_ast(schema, declared.type))
            if declared is None or own is None or place is None:
                continue  # other rules say so
            if not allowed_variable_usage(schema, _as_text_of(place, own), declared.default_value, place, usage.default_value):
                said = f"Variable '${usage.node.name.value}' of type '{own}' used in position expecting type '{place}'."
                self.report_error(GraphQLError(said, [declared, usage.node]))


def _as_text_of(place: Any, own: Any) -> Any:
    """The variable's own type, with the place's kind of text where both are texts."""
    named, meant = cast(Any, get_named_type(own)), cast(Any, get_named_type(place))
    return _renamed(own, meant) if named.name in _DECLARED and meant.name in _TEXTS else own


def _renamed(own: Any, named: Any) -> Any:
    if not isinstance(own, GraphQLNonNull | GraphQLList):
        return named
    inner: Any = _renamed(cast(Any, own).of_type, named)
    return GraphQLNonNull(inner) if isinstance(own, GraphQLNonNull) else GraphQLList(inner)


RULES = tuple(AnyTextInItsPlace if rule is VariablesInAllowedPositionRule else rule for rule in specified_rules)
