"""Bodies and queries as msgspec Structs. Where msgspec stops at the first thing that is wrong, all of them are collected here."""

import json
import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import msgspec

from portico.api.field_problem import FieldProblem, Unacceptable, field_problem
from portico.domain.errors import Refused
from portico.domain.money import LARGEST_MINOR
from portico.domain.typed import holds_control
from portico.http.asked import Asked

JSON_TYPE = "application/json"
_DEEPEST = 20
_LONGEST_DETAIL = 300
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_TRUTHS = {"true": True, "false": False}
_WHERE = re.compile(r"(.*) - at `(?:key in )?\$?(.*)`", re.DOTALL)
_STEP = re.compile(r"[^.\[\]]+")


def body(asked: Asked, of: Any) -> Any:
    """The body as an `of`; nothing at all is an empty object. Raises Refused("content_type" | "body_invalid"), Unacceptable with
    every wrong field."""
    if not asked.body.strip():
        return convert({}, of)
    media_type, _, parameters = (asked.header("content-type") or "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if media_type.strip().lower() != JSON_TYPE or charset not in ("", "utf-8"):
        raise Refused("content_type")
    return convert(_parsed(asked.body), of)


def query(fields: dict[str, str], of: Any) -> Any:
    """The fields of a query as an `of`. Raises Unacceptable with every wrong one.

    Texts become what their fields are by our own few rules: msgspec's would take "null" for nothing at all, and a filter by it for none.
    """
    types_of = {field.encode_name: _alternatives(field.type) for field in msgspec.structs.fields(of)}
    return convert({name: _typed(text, types_of.get(name, ())) for name, text in fields.items()}, of)


def convert(value: object, of: Any) -> Any:
    """A value of JSON as an `of`. Raises Unacceptable with every wrong field."""
    wrong = list(_damaged(value, ""))
    if not wrong:
        try:
            return msgspec.convert(value, of)
        except msgspec.ValidationError:
            wrong = list(_wrong(value, of, ""))
    raise Unacceptable(wrong)


def _typed(text: str, alternatives: tuple[Any, ...]) -> object:
    """A text of a query as the kind of value that its field has; the text itself where it is none."""
    if bool in alternatives:
        return _TRUTHS.get(text, text)
    return int(text) if int in alternatives and _WHOLE.fullmatch(text) else text


def _parsed(raw: bytes) -> object:
    try:
        value = msgspec.json.decode(raw)
        json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError):  # msgspec's errors and UnicodeDecodeError are ValueErrors
        raise Refused("body_invalid") from None
    if _is_deeper(value, _DEEPEST):
        raise Refused("body_invalid")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _children(value: object) -> list[tuple[str, object]]:
    """What is within an object or a list of JSON, by name or place."""
    if isinstance(value, dict):
        return [(str(name), each) for name, each in cast("dict[Any, object]", value).items()]
    if isinstance(value, list):
        return [(str(place), each) for place, each in enumerate(cast("list[object]", value))]
    return []


def _is_deeper(value: object, levels: int) -> bool:
    """Whether a value has more levels than so many. It is gone down no further: what a parser can nest, a recursion cannot follow."""
    return levels == 0 or any(_is_deeper(child, levels - 1) for _, child in _children(value))


def _damaged(value: object, path: str) -> Iterator[FieldProblem]:
    """Texts and numbers that no field of ours could hold."""
    if isinstance(value, str) and holds_control(value):
        yield field_problem(path, "text_format")
    if isinstance(value, int) and abs(value) > LARGEST_MINOR:
        yield field_problem(path, "number_range")
    for name, child in _children(value):
        if holds_control(name):
            yield field_problem(path, "text_format")
        else:
            yield from _damaged(child, _below(path, name))


def _wrong(value: object, of: Any, path: str) -> Iterator[FieldProblem]:
    """Every wrong field of a value, with where it stands."""
    struct, item = _struct_within(of), _item_within(of)
    found: list[FieldProblem] = []
    if struct is not None and isinstance(value, dict):
        found = list(_wrong_fields(cast("dict[str, object]", value), struct, path))
    elif item is not None and isinstance(value, list):
        found = [each for place, child in _children(cast(object, value)) for each in _wrong(child, item, _below(path, place))]
    if found:
        yield from found
        return
    try:
        msgspec.convert(value, of)
    except msgspec.ValidationError as error:
        yield _problem_of(str(error), of, path)


def _wrong_fields(value: dict[str, object], struct: type[msgspec.Struct], path: str) -> Iterator[FieldProblem]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for name, field in fields.items():
        if name in value:
            yield from _wrong(value[name], field.type, _below(path, name))
        elif field.required:
            yield field_problem(_below(path, name), "required")
    for name in value.keys() - fields.keys():
        yield field_problem(_below(path, name), "field_unknown")


def _problem_of(message: str, of: Any, path: str) -> FieldProblem:
    """What msgspec says about one value ("Expected `int`, got `str` - at `$[2]`")."""
    placed = _WHERE.fullmatch(message)
    words, where = (placed[1], placed[2]) if placed else (message, "")
    for step in _STEP.findall(where):
        path = _below(path, step)
    choices = _choices_within(of)
    if words.startswith("Invalid enum value") and choices:
        return FieldProblem(path, "value", f"One of: {', '.join(choices)}.")
    return FieldProblem(path, "type" if ", got `" in words else "value", words[:_LONGEST_DETAIL])


def _alternatives(of: Any) -> tuple[Any, ...]:
    """A type without its annotations; those of a union one by one."""
    if get_origin(of) is Annotated:
        return _alternatives(get_args(of)[0])
    if get_origin(of) in (Union, types.UnionType):
        return tuple(each for one in get_args(of) for each in _alternatives(one))
    return (of,)


def _struct_within(of: Any) -> type[msgspec.Struct] | None:
    return next((each for each in _alternatives(of) if isinstance(each, type) and issubclass(each, msgspec.Struct)), None)


def _item_within(of: Any) -> Any:
    return next((get_args(each)[0] for each in _alternatives(of) if get_origin(each) in (list, tuple)), None)


def _choices_within(of: Any) -> list[str]:
    return [str(choice) for each in _alternatives(of) if get_origin(each) is Literal for choice in get_args(each)]


def _below(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
