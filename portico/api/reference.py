"""The reference: the OpenAPI document as a page for people. Made once, when it is first asked for; it needs no script."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import FileSystemLoader
from markupsafe import Markup, escape

from portico.api import openapi
from portico.api.field_problem import DETAILS
from portico.api.operation import Operation
from portico.api.problem import PROBLEMS, Problem, of_code
from portico.i18n.languages import DEFAULT, LANGUAGES
from portico.i18n.templates import environment

_TEMPLATES = FileSystemLoader(Path(__file__).parent / "templates")
_DEEPEST = 3
_TAIL = "_01kJd7rWvTq3YbX5mZ8cNa"
# What an id in a path is called in examples, by the noun before it.
_PREFIXES = {
    "buyers": "BUY", "products": "PROD", "product-groups": "GRP", "orders": "ORD", "subscriptions": "SUB", "payments": "PAY",
    "refunds": "REF", "refund-tickets": "TKT", "documents": "INV", "cancellations": "CAN", "events": "EVT", "webhook-endpoints": "WHE",
    "deliveries": "WHD", "portal-sessions": "PSN", "checkout-sessions": "CHK",
}  # fmt: skip
_NOUN_AND_ID = re.compile(r"/([a-z-]+)/\{\w+\}")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A line of a table of fields: "prices[].amount", "text", whether it has to be there, and what to know about it."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation as the page shows it."""

    operation: Operation
    query: tuple[FieldRow, ...]
    body: tuple[FieldRow, ...]
    answer: tuple[FieldRow, ...]
    curl: str
    answered: str
    codes: tuple[Problem, ...]


def page(operations: tuple[Operation, ...], origin: str, assets: Mapping[str, str]) -> bytes:
    """The page. `assets` has the addresses of portal.css, reference.css and favicon.svg."""
    document = openapi.document(operations, origin)
    by_tag: dict[str, list[Entry]] = {}
    for operation in operations:
        by_tag.setdefault(operation.tag, []).append(_entry(operation, document, origin))
    template = environment(DEFAULT, _TEMPLATES).get_template("reference.html")
    own = {code for operation in operations for code in openapi.codes(operation)}
    problems = sorted((of_code(code) for code in own | set(PROBLEMS)), key=lambda each: (each.status, each.code))
    return template.render(
        origin=origin,
        version=openapi.VERSION,
        assets=assets,
        said=said,
        tags={tag: (_anchor(tag), entries) for tag, entries in by_tag.items()},
        problems=problems,
        field_codes=DETAILS,
        languages=LANGUAGES,
    ).encode()


def said(words: str) -> Markup:
    """A sentence for a page: what stands between backticks is code."""
    pieces = [escape(piece) for piece in words.split("`")]
    return Markup("").join(Markup(f"<code>{piece}</code>") if place % 2 else piece for place, piece in enumerate(pieces))  # noqa: S704 (escaped)


def _entry(operation: Operation, document: dict[str, Any], origin: str) -> Entry:
    described = document["paths"][operation.path][operation.method.lower()]
    schemas = document["components"]["schemas"]
    sent = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    success = described["responses"][str(operation.status)].get("content", {}).get("application/json", {})
    query = tuple(
        FieldRow(each["name"], _kind(each["schema"], schemas), each["required"], _about(each.get("description", ""), each["schema"]))
        for each in described["parameters"]
        if each["in"] == "query"
    )
    return Entry(
        operation=operation,
        query=query,
        body=tuple(_rows(sent.get("schema", {}), schemas)),
        answer=tuple(_rows(success.get("schema", {}), schemas)),
        curl=_curl(operation, origin, sent.get("example")),
        answered=_json(success["example"]) if "example" in success else "",
        codes=tuple(of_code(code) for code in openapi.codes(operation) if code not in openapi.ALWAYS),
    )


def _curl(operation: Operation, origin: str, body: Any) -> str:
    path = _NOUN_AND_ID.sub(lambda found: f"/{found[1]}/{_PREFIXES.get(found[1], 'ID')}{_TAIL}", operation.path)
    lines = [f"curl {origin}{path}" if operation.method in ("GET", "POST") else f"curl -X {operation.method} {origin}{path}"]
    if operation.method == "POST" and body is None:
        lines = [f"curl -X POST {origin}{path}"]
    lines.append('-H "Authorization: Bearer $PORTICO_API_KEY"')
    if operation.money:
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if body is not None:
        lines += ['-H "Content-Type: application/json"', f"-d '{_json(body)}'"]
    if operation.media_types and operation.answer is None:
        lines.append("--remote-header-name --remote-name")
    return " \\\n  ".join(lines)


def _rows(schema: dict[str, Any], schemas: dict[str, Any], prefix: str = "", depth: int = 0) -> Iterator[FieldRow]:
    """The fields of an object, those of the objects within it after it."""
    found = _object(schema, schemas)
    for name, field in found.get("properties", {}).items():
        about = _about(_described(field, schemas), field)
        yield FieldRow(f"{prefix}{name}", _kind(field, schemas), name in found.get("required", ()), about)
        inner = _without_null(field)
        many = inner.get("type") == "array"
        if depth < _DEEPEST:
            yield from _rows(inner.get("items", {}) if many else inner, schemas, f"{prefix}{name}{'[]' if many else ''}.", depth + 1)


def _object(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    inner = _without_null(schema)
    return schemas[inner["$ref"].rpartition("/")[2]] if "$ref" in inner else inner


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    kept = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return kept[0] if kept else schema


def _kind(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    inner = _without_null(schema)
    suffix = " or null" if any(each.get("type") == "null" for each in schema.get("anyOf", ())) else ""
    if "enum" in inner:
        listed = [each for each in inner["enum"] if each is not None]
        return ("one of " if len(listed) > 1 else "") + ", ".join(map(str, listed)) + (" or null" if None in inner["enum"] else suffix)
    if inner.get("type") == "array":
        return f"list of {_plural(_kind(inner.get('items', {}), schemas))}" + suffix
    words = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "object"}
    if inner.get("format") == "date-time":
        return "moment" + suffix
    return words.get(inner.get("type", "object"), "object") + suffix


def _plural(kind: str) -> str:
    return {"text": "texts", "object": "objects", "whole number": "whole numbers"}.get(kind, kind)


def _described(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    inner = _without_null(schema)
    of_type = "" if "$ref" not in inner else schemas[inner["$ref"].rpartition("/")[2]].get("description", "")
    return schema.get("description", "") or inner.get("description", "") or of_type


def _about(words: str, schema: dict[str, Any]) -> str:
    default = schema.get("default")
    return " ".join(filter(None, (words, f"Default: {_json(default)}." if default not in (None, "", [], {}) else "")))


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _anchor(tag: str) -> str:
    return f"of-{tag.lower().replace(' ', '-')}"
