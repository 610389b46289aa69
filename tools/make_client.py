"""Writes the Python client's methods and types from the OpenAPI document: `python tools/make_client.py`. Run it after an operation was
added or changed; tests/clients says so when it was not."""

import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path
from typing import Any

from portico.api.openapi import document
from portico.api.routes import OPERATIONS

FOLDER = Path(__file__).parents[1] / "clients" / "python" / "portico_client"
_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_HEAD = '"""{about} Written by tools/make_client.py from the OpenAPI document: do not edit."""\n\nfrom __future__ import annotations\n\n'
_WIDTH = 110
_ID = re.compile(r"\{(\w+)\}")


def files() -> dict[str, str]:
    """What the files hold, by name."""
    described = document(OPERATIONS, "https://portal.example.com")
    return {name: _formatted(text) for name, text in (("types.py", _types(described)), ("operations.py", _operations(described)))}


@dataclass(frozen=True)
class Taken:
    """A field that a method takes: in the path, the query or the body."""

    name: str
    schema: dict[str, Any]
    required: bool

    @property
    def argument(self) -> str:
        return f"{self.name}_" if iskeyword(self.name) else self.name

    @property
    def declared(self) -> str:
        kinds = _kinds(self.schema, prefix="types.") + ([] if self.required else ["Unset"])
        return f"{self.argument}: {_either(kinds)}" + ("" if self.required else " = UNSET")

    @property
    def pair(self) -> str:
        return f'"{self.name}": {self.argument}'


def _types(described: dict[str, Any]) -> str:
    """A TypedDict for each schema."""
    imports = "from typing import Literal, NotRequired, TypedDict\n"
    return (
        _HEAD.format(about="What the API takes and answers.")
        + imports
        + "".join(_type(_name(name), schema) for name, schema in described["components"]["schemas"].items())
    )


def _type(name: str, schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    kinds = {field: _python(each) for field, each in schema.get("properties", {}).items()}
    wrapped = {field: kind if field in required else f"NotRequired[{kind}]" for field, kind in kinds.items()}
    if any(iskeyword(field) for field in wrapped):
        inner = ", ".join(f'"{field}": "{kind}"' for field, kind in wrapped.items())
        return f'\n\n{name} = TypedDict("{name}", {{{inner}}})\n'
    lines = [_docstring(schema["description"])] if schema.get("description") else []
    lines += [f"{field}: {kind}" for field, kind in wrapped.items()] or ([] if lines else ["pass"])
    return f"\n\nclass {name}(TypedDict):\n{textwrap.indent(chr(10).join(lines), '    ')}\n"


def _operations(described: dict[str, Any]) -> str:
    methods = [
        textwrap.indent(_method(path, verb.upper(), operation, described), "    ")
        for path, by_verb in described["paths"].items()
        for verb, operation in by_verb.items()
    ]
    imports = (
        "from collections.abc import Iterator\nfrom typing import Literal\n\nfrom portico_client import types\n"
        "from portico_client.transport import UNSET, File, Transport, Unset, segment\n\n\n"
    )
    about = '"""The API with one key, of one environment of one store. What is left UNSET is not sent; None is null."""'
    return (
        _HEAD.format(about="Every operation of the API as a method.")
        + imports
        + f"class Portico(Transport):\n    {about}\n"
        + "".join(methods)
    )


def _method(path: str, verb: str, operation: dict[str, Any], described: dict[str, Any]) -> str:
    name, parameters = operation["operationId"], operation["parameters"]
    ids = [each["name"] for each in parameters if each["in"] == "path"]
    query = [Taken(each["name"], each["schema"], each["required"]) for each in parameters if each["in"] == "query"]
    body = _body(operation, described)
    fields = sorted([*body, *query], key=lambda each: not each.required)
    if len({*ids, *(each.argument for each in fields)}) != len(ids) + len(fields):
        raise ValueError(f"{name} takes two things of one name")
    declared = [each.declared for each in fields] + (["idempotency_key: str | None = None"] if verb != "GET" else [])
    signature = ", ".join(["self", *(f"{each}: str" for each in ids), *(["*", *declared] if declared else [])])
    filled = _ID.sub(r"{segment(\1)}", path)
    address = f'f"{filled}"' if ids else f'"{path}"'
    sent = [f'"{verb}"', address]
    sent += [f"query={{{', '.join(each.pair for each in query)}}}"] if query else []
    sent += [f"body={{{', '.join(each.pair for each in body)}}}"] if body else []
    sent += ["idempotency_key=idempotency_key"] if verb != "GET" else []
    answer, about = _answer(operation), _docstring(operation["description"] or operation["summary"])
    written = f"\ndef {name}({signature}) -> {answer}:\n{textwrap.indent(about, '    ')}\n    return self.send({', '.join(sent)})\n"
    if name.startswith("list_") and any(each.name == "cursor" for each in query):
        written += _walker(name, ids, [each for each in query if each.name != "cursor"], address, _item(answer, described))
    return written


def _walker(name: str, ids: list[str], query: list[Taken], address: str, item: str) -> str:
    """`all_things` beside `list_things`."""
    declared = ["*", *(each.declared for each in query)] if query else []
    signature = ", ".join(["self", *(f"{each}: str" for each in ids), *declared])
    pairs = ", ".join(each.pair for each in query)
    return (
        f"\ndef all_{name.removeprefix('list_')}({signature}) -> Iterator[{item}]:\n"
        f'    """Everything that `{name}` lists, page after page."""\n    return self.pages({address}, {{{pairs}}})\n'
    )


def _item(answer: str, described: dict[str, Any]) -> str:
    """What a list of this type lists."""
    return _python(
        described["components"]["schemas"][answer.partition(" | ")[0].removeprefix("types.")]["properties"]["data"]["items"],
        prefix="types.",
    )


def _body(operation: dict[str, Any], described: dict[str, Any]) -> list[Taken]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return []
    schema = described["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    required = schema.get("required", ())
    return [Taken(name, each, name in required) for name, each in schema["properties"].items()]


def _answer(operation: dict[str, Any]) -> str:
    """What a method gives: JSON of some type, a file, or nothing."""
    kinds: dict[str, None] = {}
    for status, each in operation["responses"].items():
        if status.startswith("2"):
            for media, content in each.get("content", {}).items():
                kinds[_python(content["schema"], prefix="types.") if media == "application/json" else "File"] = None
    return " | ".join(kinds) or "None"


def _python(schema: dict[str, Any], *, prefix: str = "") -> str:
    """A schema as a type of Python."""
    if "$ref" in schema:
        return prefix + _name(schema["$ref"].rpartition("/")[2])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return f"Literal[{', '.join(f'{chr(34)}{each}{chr(34)}' if isinstance(each, str) else repr(each) for each in values)}]"
    if "anyOf" in schema:
        return _either(_kinds(schema, prefix=prefix))
    match schema.get("type"):
        case "array":
            return f"list[{_python(schema.get('items') or {}, prefix=prefix)}]"
        case "object":
            more = schema.get("additionalProperties")
            return f"dict[str, {_python(more, prefix=prefix)}]" if isinstance(more, dict) and more else "dict[str, object]"
        case str() as kind:
            return _SIMPLE[kind]
        case _:
            return "object"


def _kinds(schema: dict[str, Any], *, prefix: str) -> list[str]:
    return [_python(each, prefix=prefix) for each in schema.get("anyOf", [schema])]


def _either(kinds: list[str]) -> str:
    """A union of types, None last."""
    return " | ".join(dict.fromkeys(sorted(kinds, key=lambda kind: kind == "None")))


def _name(text: str) -> str:
    """A schema's name as a class's."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", text) if part)


def _docstring(text: str) -> str:
    words = " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
    return "\n".join(textwrap.wrap(f'"""{words}"""', _WIDTH, break_long_words=False, break_on_hyphens=False))


def _formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(FOLDER / "generated.py"), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
