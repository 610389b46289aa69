"""The shipped schema and the types that read the file are one format."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import portico
from portico.domain import payment, tax
from portico.domain.errors import Refused
from portico.services import check, import_format
from portico.services.runtime import Runtime
from tests.services.import_lines import new_store, take
from tests.services.test_import_refusals import LATER, REFUSED

SCHEMA = json.loads((Path(portico.__file__).parent / "import.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

AT = "2026-03-01T09:30:00Z"
CARD = {"brand": "visa", "last4": "4242", "expiry_month": 12, "expiry_year": 2029}
ADDRESS = {
    "country": "DE", "name": "Ada Lovelace", "line1": "Unter den Linden 1", "city": "Berlin", "postal_code": "10117",
    "po_number": "PO-4711", "cost_centre": "Kst. 12",
}  # fmt: skip
AMOUNTS = {"currency": "EUR", "net": "29.00", "tax": "5.51", "total": "34.51"}
GOOD: dict[str, dict[str, Any]] = {
    "product_group": {"type": "product_group", "id": "plans", "name": "Plans"},
    "product": {"type": "product", "id": "atlas", "name": "Atlas", "kind": "subscription", "interval": "month", "prices": {"EUR": "29.00"}},
    "buyer": {"type": "buyer", "id": "u1", "email": "ada@example.com", "name": "Ada", "locale": "de", "billing_detail": ADDRESS},
    "order": {"type": "order", "id": "o1", "buyer": "u1", "product": "atlas", "tax_rate": "19", "created_at": AT, **AMOUNTS},
    "subscription": {
        "type": "subscription", "id": "s1", "order": "o1", "status": "active", "unit_price": "29.00", "anchor": AT, "period_index": 0,
        "created_at": AT, "card": CARD, "scheduled_change": {"kind": "change_plan", "at": AT, "product": "atlas"},
    },
    "payment": {
        "type": "payment", "id": "p1", "order": "o1", "status": "succeeded", "created_at": AT, "succeeded_at": AT, "card": CARD,
        "invoice_number": "RE 2025/0815",
        "attempts": [{"status": "failed", "at": AT, "failure_code": "card_declined"}, {"status": "succeeded", "at": AT}], **AMOUNTS,
    },
    "refund": {"type": "refund", "id": "r1", "payment": "p1", "currency": "EUR", "amount": "5.00", "status": "succeeded", "created_at": AT},
}  # fmt: skip
HOSTILE: tuple[Any, ...] = (
    None, 7, -1, 2**63, True, "", " ", "x" * 201, "x" * 2001, "a\u0000b", "a\nb", "29,00", "29.00 ", "+1", "-1.00", "1e3", "٣", "01.00",
    "eur", "EURO", "19 %", "100.5", "2026-03-01", "2026-03-01T09:30:00", "2026-03-01T09:30:00+02:00", "a@b", "42421", "active", "x_y-Z",
    "ab\n", "29.00\n", "EUR\n", "DE\n", "4242\n",
    "x" * 40, "x" * 41, "RE 1", " RE1", "RE1 ", "RE\u00a01", "RE\u200b1", "RE\u202e1", "RE1\u0085", "\ufeffRE1", "請求 1",
    [], {}, [{}], {"country": "XXX"}, {"EUR": 29}, {"EUR": "29.00", "eur": "1"}, {"kind": "cancel", "at": AT, "extra": 1},
)  # fmt: skip


def _types_accept(line: dict[str, Any]) -> bool:
    try:
        import_format.decode(json.dumps(line).encode())
    except Refused:
        return False
    return True


def _schema_accepts(line: dict[str, Any]) -> bool:
    return VALIDATOR.is_valid(line)


def test_the_shipped_schema_is_made_from_the_types() -> None:
    shipped = (Path(portico.__file__).parent / "import.schema.json").read_text(encoding="utf-8")
    assert shipped == import_format.schema_text(), "run: python -m portico.services.import_format > portico/import.schema.json"


def test_the_schema_is_valid_and_closed() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    objects = [schema for schema in SCHEMA["$defs"].values() if schema.get("type") == "object"]
    assert len(objects) >= 11
    assert all(schema["additionalProperties"] is False for schema in objects)


@pytest.mark.parametrize("kind", GOOD)
def test_both_take_a_good_line(kind: str) -> None:
    assert _types_accept(GOOD[kind])
    assert _schema_accepts(GOOD[kind])


# JSON Schema leaves "format" to the reader, so an offset that is missing from a moment is for the types alone to see.
MOMENTS = {"created_at", "succeeded_at", "anchor", "period_start", "period_end", "trial_end", "ended_at", "resumes_at", "at"}


@pytest.mark.parametrize("kind", GOOD)
def test_both_judge_every_spoiled_line_alike(kind: str) -> None:
    properties = SCHEMA["$defs"][import_format.schema()["discriminator"]["mapping"][kind].rpartition("/")[2]]["properties"]
    judged = 0
    for name in (*properties, "unknown_field"):
        for value in HOSTILE:
            line = deepcopy(GOOD[kind]) | {name: value}
            if name in MOMENTS and isinstance(value, str):
                continue
            assert _types_accept(line) == _schema_accepts(line), (name, value)
            judged += 1
    assert judged > 100


@pytest.mark.parametrize("kind", GOOD)
def test_both_miss_what_is_missing(kind: str) -> None:
    for name in GOOD[kind]:
        line = {key: value for key, value in GOOD[kind].items() if key != name}
        assert _types_accept(line) == _schema_accepts(line), name


@pytest.mark.parametrize("text", ["2026-03-01", "2026-03-01T09:30:00", "yesterday", "2026-13-01T00:00:00Z", ""])
def test_a_moment_has_an_offset(text: str) -> None:
    assert not _types_accept(GOOD["order"] | {"created_at": text})


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "truncated"),
        (b"[]", "object"),
        (b"nonsense", "malformed"),
        (b'{"type": "parcel", "id": "1"}', "type"),
        (b'{"id": "1"}', "type"),
        (b"\xff\xfe", "JSON"),
        (b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b',"type":"buyer"}', "brackets"),
        (b'{"type":"product_group","id":"1","name":"\xff"}', ""),
        (json.dumps(GOOD["order"] | {"net": "29,00"}).encode(), 'a decimal string such as "29.00" - at net'),
        (json.dumps(GOOD["order"] | {"gross": "29"}).encode(), "gross"),
        (b'{"type":"product_group","id":"1","name":"' + b"x" * import_format.MAX_LINE_BYTES + b'"}', "bytes"),
    ],
)  # fmt: skip
def test_a_malformed_line_is_refused_in_words(line: bytes, says: str) -> None:
    with pytest.raises(Refused) as caught:
        import_format.decode(line)
    assert caught.value.code == "malformed"
    assert says.lower() in str(caught.value).lower()
    assert "regex" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("buyer", "id", "u1\n"), ("buyer", "name", "Ada\n"), ("buyer", "billing_detail", ADDRESS | {"country": "DE\n"}),
        ("product", "prices", {"EUR": "29.00\n"}), ("order", "tax_rate", "19\n"), ("payment", "card", CARD | {"last4": "4242\n"}),
    ],
)  # fmt: skip
def test_a_line_break_at_the_end_is_one_too(kind: str, field: str, value: Any) -> None:
    assert _types_accept(GOOD[kind])
    assert not _types_accept(GOOD[kind] | {field: value})


def test_the_format_knows_the_domains_words() -> None:
    definitions = json.dumps(SCHEMA)
    for word in (*payment.FAILURE_CODES, *tax.TAX_REASONS):
        assert f'"{word}"' in definitions


DOCUMENTATION = (Path(__file__).resolve().parents[2] / "docs" / "import-format.md").read_text(encoding="utf-8")


def test_every_field_of_the_format_is_documented() -> None:
    fields = {name for schema in SCHEMA["$defs"].values() for name in schema.get("properties", {})} - {"type"}
    assert len(fields) > 40
    assert not [name for name in sorted(fields) if f"`{name}`" not in DOCUMENTATION]


def test_every_code_of_a_refusal_is_documented() -> None:
    codes = {code for _, code in (*REFUSED.values(), *LATER.values())}
    assert len(codes) > 20
    assert not [code for code in sorted(codes) if f"`{code}`" not in DOCUMENTATION]


def test_the_documented_example_can_be_imported(runtime: Runtime) -> None:
    example = DOCUMENTATION.partition("```jsonl\n")[2].partition("```")[0]
    written = [json.loads(line) for line in example.splitlines()]
    assert {line["type"] for line in written} == set(import_format.KINDS)
    report, refused = take(runtime, new_store(runtime), written)
    assert not refused
    assert report.total("new") == len(written)
    assert check.run(runtime.database) == []
