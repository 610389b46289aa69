"""Examples made from the types themselves, so that none can be out of date: of each field its own, or the simplest value it takes."""

import types
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

_MOMENT, _DAY = "2026-11-22T09:30:00Z", "2026-11-22"
_NOTHING = (type(None), msgspec.UnsetType)
_SIMPLE: dict[Any, Any] = {str: "text", int: 1, bool: False, datetime: _MOMENT, date: _DAY, Any: "text", object: "text"}


def example(of: Any) -> Any:
    """A value of a type, as JSON has it."""
    origin, args = get_origin(of), get_args(of)
    struct = origin or of
    if isinstance(struct, type) and issubclass(struct, msgspec.Struct):
        return _struct(struct, args)
    made = _MADE.get(origin)
    return _SIMPLE.get(of) if made is None else made(args)


def example_of_input(of: Any) -> dict[str, Any]:
    """An example of a body: the fields that have to be there, or, where none has, those that have an example of their own."""
    whole, fields = example(of), msgspec.structs.fields(of)
    kept = {each.encode_name for each in fields if each.required} or {each.encode_name for each in fields if _has_own(each.type)}
    return {name: value for name, value in whole.items() if name in kept}


def _annotated(of: Any, annotations: tuple[Any, ...]) -> Any:
    for each in annotations:
        if isinstance(each, msgspec.Meta):
            if each.examples:
                return each.examples[0]
            if each.ge is not None and of is int:
                return each.ge
    return example(of)


def _struct(struct: type[msgspec.Struct], args: tuple[Any, ...]) -> dict[str, Any]:
    """Of each field its example; type parameters ("data: list[T]") stand for what they are given."""
    given = dict(zip(cast("tuple[TypeVar, ...]", getattr(struct, "__parameters__", ())), args, strict=False))
    hints = get_type_hints(struct, include_extras=True)
    return {field.encode_name: example(_filled(hints[field.name], given)) for field in msgspec.structs.fields(struct)}


def _filled(of: Any, given: dict[TypeVar, Any]) -> Any:
    if isinstance(of, TypeVar):
        return given.get(of, Any)
    parameters = getattr(of, "__parameters__", ())
    return of[tuple(given.get(each, Any) for each in parameters)] if parameters and given else of


def _listed(args: tuple[Any, ...]) -> list[Any]:
    return [example(args[0])]


_MADE: dict[Any, Callable[[tuple[Any, ...]], Any]] = {
    Annotated: lambda args: _annotated(args[0], args[1:]),
    Union: lambda args: example(next((each for each in args if each not in _NOTHING), None)),
    Literal: lambda args: args[0],
    dict: lambda args: {example(args[0]): example(args[1])},
    list: _listed,
    tuple: _listed,
}
_MADE[types.UnionType] = _MADE[Union]


def _has_own(of: Any) -> bool:
    """Whether an example is written down for it."""
    if get_origin(of) is Annotated:
        return any(isinstance(each, msgspec.Meta) and each.examples for each in get_args(of)[1:])
    return get_origin(of) in (Union, types.UnionType) and any(_has_own(each) for each in get_args(of))
