"""OpenAPI 3.1 of the table. Everything in it comes from the operations and their types; nothing is written twice."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from portico.api.door import VERSION
from portico.api.dry_run import DryRun
from portico.api.example import example, example_of_input
from portico.api.operation import Operation
from portico.api.problem import ALWAYS, PROBLEM_JSON, ProblemAnswer, of_code

_REF = "#/components/schemas/{name}"
_ID_PATTERN = "^[A-Z]{2,5}_[0-9A-Za-z]{22}$"
_HEADERS = {
    "Request-Id": ("What this request is called in our log.", {"type": "string"}),
    "Portico-Version": ("The version that answered.", {"type": "string", "enum": [VERSION]}),
    "RateLimit-Limit": ("How many requests a minute this key has.", {"type": "integer"}),
    "RateLimit-Remaining": ("How many of them are left.", {"type": "integer"}),
    "RateLimit-Reset": ("In how many seconds all of them are there again.", {"type": "integer"}),
}
_OF_WRITES = {"Idempotent-Replayed": ("This is the answer that an earlier request under the same key got.", {"type": "boolean"})}
_OF_STATUS = {
    401: {"WWW-Authenticate": ("How to authenticate.", {"type": "string"})},
    429: {"Retry-After": ("In how many seconds to come again.", {"type": "integer"})},
    503: {"Retry-After": ("In how many seconds to come again.", {"type": "integer"})},
}
_BEFORE_A_KEY = frozenset({"api_key_invalid"})  # nobody's limits, as nobody is known


def document(operations: Iterable[Operation], origin: str) -> dict[str, Any]:
    """The document as plain JSON values. `origin` is "https://portal.example.com"."""
    operations = tuple(operations)
    schemas = _Schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Portico", "version": VERSION, "description": "The API of a self-hosted customer portal."},
        "servers": [{"url": origin}],
        "security": [{"api_key": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(each.tag for each in operations)],
        "paths": paths,
        "components": {
            "schemas": schemas.spoken(operations),
            "responses": schemas.responses,
            "headers": _header_components(),
            "securitySchemes": {
                "api_key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A secret key of one environment of one store: sk_test_… or sk_prod_….",
                }
            },
        },
    }


class _Schemas:
    """The JSON Schema of every type that an operation speaks of."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        spoken = [of for each in operations for of in (each.answer, each.body, each.query, _preview(each)) if of is not None]
        self._types: dict[Any, None] = dict.fromkeys([ProblemAnswer, *spoken])
        found, components = _renamed(msgspec.json.schema_components(self._types, ref_template=_REF))
        self.components: dict[str, Any] = components
        self._found = dict(zip(self._types, found, strict=True))

        self.responses: dict[str, Any] = {}

    def shared(self, response: dict[str, Any], name: str) -> dict[str, Any]:
        """A response that several operations give, by reference."""
        self.responses[name] = response
        return {"$ref": f"#/components/responses/{name}"}

    def spoken(self, operations: tuple[Operation, ...]) -> dict[str, Any]:
        """The schemas of bodies and answers; a query is described field by field."""
        queries = {self.of(each.query)["$ref"].rpartition("/")[2] for each in operations if each.query is not None}
        return {name: schema for name, schema in self.components.items() if name not in queries}

    def of(self, spoken: Any) -> dict[str, Any]:
        """The schema of a type, mostly a reference into the components."""
        return self._found[spoken]

    def fields(self, struct: Any) -> list[tuple[msgspec.structs.FieldInfo, dict[str, Any]]]:
        """The fields of a query, each with its schema in place."""
        whole = self.components[self.of(struct)["$ref"].rpartition("/")[2]]
        return [(field, whole["properties"][field.encode_name]) for field in msgspec.structs.fields(struct)]


def _renamed(schemas: Any) -> Any:
    """The schemas under names that a client generator makes good ones of: "ProductList", not "Listed_Product_"."""
    text = msgspec.json.encode(schemas).decode()
    text = re.sub(r'(?<=["/])Listed_(\w+?)_(?=")', r"\1List", text)
    return msgspec.json.decode(re.sub(r'(?<=["/])ProblemAnswer(?=")', "Problem", text))


def _operation(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [*_ids(operation), *_query(operation, schemas), *_headers(operation)],
        "responses": _responses(operation, schemas),
    }
    if operation.body is not None:
        fields = msgspec.structs.fields(operation.body)
        described["requestBody"] = {
            "required": any(field.required for field in fields),
            "content": {
                "application/json": {"schema": schemas.of(operation.body), "example": operation.example or example_of_input(operation.body)}
            },
        }
    return described


def _ids(operation: Operation) -> list[dict[str, Any]]:
    shape = {"type": "string", "pattern": _ID_PATTERN}
    return [{"name": name, "in": "path", "required": True, "schema": shape} for name in operation.id_names]


def _query(operation: Operation, schemas: _Schemas) -> list[dict[str, Any]]:
    found = [
        {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": _without_null({name: value for name, value in schema.items() if name != "description"}),
            **({"description": words} if (words := _words(schema)) else {}),
        }
        for field, schema in (schemas.fields(operation.query) if operation.query is not None else ())
    ]
    if operation.action:
        words = "Answers what would happen, or why not. Changes nothing, and needs no Idempotency-Key."
        found.append(
            {"name": "dry_run", "in": "query", "required": False, "description": words, "schema": {"type": "boolean", "default": False}}
        )
    return found


def _words(schema: dict[str, Any]) -> str:
    return schema.get("description", "") or next((each["description"] for each in schema.get("anyOf", ()) if "description" in each), "")


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query has no null: a field is there, or it is not."""
    kept = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return kept[0] if len(kept) == 1 else {name: value for name, value in schema.items() if value is not None}


def _headers(operation: Operation) -> list[dict[str, Any]]:
    version = {"type": "string", "enum": [VERSION]}
    found: list[dict[str, Any]] = [{"name": "Portico-Version", "in": "header", "required": False, "schema": version}]
    if operation.writes:
        needed = " Required, except in a dry run." if operation.money and operation.action else ""
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": operation.money and not operation.action,
                "description": f"The same key and request get the same answer, also after a restart.{needed}",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
            }
        )
    return found


def _responses(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {str(operation.status): _success(operation, schemas)}
    by_status: dict[int, list[str]] = {}
    for code in codes(operation):
        by_status.setdefault(of_code(code).status, []).append(code)
    for status, listed in sorted(by_status.items()):
        words = " ".join(f"`{code}`: {of_code(code).detail}" for code in listed)
        content = {PROBLEM_JSON: {"schema": schemas.of(ProblemAnswer)}}
        shared = schemas.shared(
            {"description": words, "headers": _answer_headers(listed, status), "content": content}, f"{status}.{'.'.join(listed)}"
        )
        found[str(status)] = shared
    if operation.action and operation.status != 200:
        answered = {"application/json": {"schema": schemas.of(_preview(operation))}}
        found["200"] = {"description": "A dry run.", "headers": _answer_headers(), "content": answered}
    return found


def _success(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {"description": operation.summary, "headers": _answer_headers(writes=operation.writes)}
    if operation.media_types:
        described["content"] = {each: {} for each in operation.media_types}
    if operation.answer is None:
        return described
    schema: dict[str, Any] = schemas.of(operation.answer)
    if operation.action and operation.status == 200:
        schema = {"anyOf": [schema, schemas.of(_preview(operation))]}
    described["content"] = {"application/json": {"schema": schema, "example": example(operation.answer)}, **described.get("content", {})}
    return described


def _preview(operation: Operation) -> Any:
    """What a dry run answers."""
    return (operation.preview or DryRun) if operation.action else None


def _answer_headers(listed: Iterable[str] = (), status: int = 200, *, writes: bool = False) -> dict[str, Any]:
    with_limits = not _BEFORE_A_KEY & set(listed)
    names = [name for name in _HEADERS if with_limits or not name.startswith("RateLimit")]
    names += [*_OF_STATUS.get(status, ()), *(_OF_WRITES if writes else ())]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _header_components() -> dict[str, Any]:
    every = {**_HEADERS, **_OF_WRITES, **_OF_STATUS[401], **_OF_STATUS[429]}
    return {name: {"description": words, "schema": schema} for name, (words, schema) in every.items()}


def codes(operation: Operation) -> tuple[str, ...]:
    """The codes of all problems that an operation may answer."""
    found = [*ALWAYS, "invalid", *operation.errors]
    if operation.id_names:
        found.append("not_found")
    if operation.writes:
        found += ["body_invalid", "content_type", "too_large"]
        found += ["idempotency_key_invalid", "idempotency_in_flight", "idempotency_key_reused"]
    if operation.money:
        found.append("idempotency_key_required")
    return tuple(dict.fromkeys(found))
