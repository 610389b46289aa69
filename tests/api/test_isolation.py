"""Isolation: a key sees its own environment of its own store. For everything else it gets what a random id gets, byte for byte, and
changes nothing. The walk is over the table of operations itself: one that is not in the matrix below fails the suite."""

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portico.api import openapi
from portico.api.operation import Operation
from portico.api.routes import OPERATIONS
from portico.domain.scope import StoreScope
from portico.services import api_key
from portico.services.runtime import Runtime
from tests.api import world
from tests.api.conftest import Program
from tests.api.world import World, path_of, random_ids
from tests.factories import Factory
from tests.web.browser import Answer
from tests.web.test_security import snapshot

_NOT_COMPARED = {"api_key", "idempotency_key"}  # when a key was last used; that this very request was made
_keys = itertools.count(1)
_REQUEST_ID = re.compile(rb'"request_id":"[^"]*"')

# How a foreign id could be smuggled into an operation besides its path: queries, and bodies that take the place of its example.
# "<buyers>" is the id of a buyer, and so on. An operation that takes none has an empty list.
Smuggled = list[str | dict[str, Any]]
MATRIX: dict[str, Smuggled] = {
    "create_portal_session": [
        {"buyer": {"id": "<buyers>"}},
        {"buyer": {"id": "<buyers>"}, "flow": "subscription_cancel", "subscription_id": "<subscriptions>"},
    ],
    "get_portal_configuration": [],
    "update_portal_configuration": [],
    "list_buyers": [],
    "create_buyer": [],
    "get_buyer": [],
    "update_buyer": [],
    "sign_out_buyer": [],
    "get_billing_detail": [],
    "update_billing_detail": [],
    "list_products": ["?group_id=<product-groups>"],
    "create_product": [
        {
            "name": "x",
            "kind": "subscription",
            "interval": "month",
            "prices": [{"currency": "EUR", "amount": "1"}],
            "group_id": "<product-groups>",
        }
    ],
    "get_product": [],
    "update_product": [{"group_id": "<product-groups>"}],
    "list_product_groups": [],
    "create_product_group": [{"name": "x", "product_ids": ["<products>"]}],
    "get_product_group": [],
    "update_product_group": [{"product_ids": ["<products>"]}],
    "delete_product_group": [],
    "list_checkout_sessions": ["?buyer_id=<buyers>"],
    "get_checkout_session": [],
    "create_checkout_session": [
        {"product_id": "<products>", "currency": "EUR"},
        {"product_id": "<products>", "currency": "EUR", "buyer_id": "<buyers>"},
    ],
    "expire_checkout_session": ["?dry_run=true"],
    "cancel_order": ["?dry_run=true"],
    "list_orders": ["?buyer_id=<buyers>", "?product_id=<products>"],
    "get_order": [],
    "list_subscriptions": ["?buyer_id=<buyers>", "?product_id=<products>"],
    "get_subscription": [],
    "cancel_subscription": ["?dry_run=true"],
    "resume_subscription": ["?dry_run=true"],
    "change_subscription": [{"product_id": "<products>"}, "?dry_run=true"],
    "keep_subscription": ["?dry_run=true"],
    "pause_subscription": ["?dry_run=true"],
    "cancel_pause": ["?dry_run=true"],
    "unpause_subscription": ["?dry_run=true"],
    "pay_subscription": ["?dry_run=true"],
    "list_payments": ["?buyer_id=<buyers>", "?order_id=<orders>", "?subscription_id=<subscriptions>"],
    "get_payment": [],
    "list_documents": ["?buyer_id=<buyers>", "?order_id=<orders>", "?payment_id=<payments>", "?refund_id=<refunds>"],
    "get_document": [],
    "get_document_pdf": ["?language=fr"],
    "get_document_xml": ["?syntax=ubl"],
    "list_cancellations": ["?buyer_id=<buyers>", "?product_id=<products>", "?subscription_id=<subscriptions>"],
    "export_cancellations": ["?buyer_id=<buyers>", "?product_id=<products>", "?subscription_id=<subscriptions>"],
    "summarize_cancellations": ["?by=product"],
    "export_cancellation_summary": ["?by=product"],
    "get_cancellation": [],
    "list_refunds": ["?buyer_id=<buyers>", "?payment_id=<payments>", "?order_id=<orders>"],
    "get_refund": [],
    "create_refund": [{"payment_id": "<payments>", "reason": "x"}, {"payment_id": "<payments>", "reason": "x", "amount": "1.00"}],
    "list_refund_tickets": ["?buyer_id=<buyers>", "?payment_id=<payments>"],
    "get_refund_ticket": [],
    "create_refund_ticket": [{"payment_id": "<payments>", "reason": "x"}],
    "resubmit_refund_ticket": ["?dry_run=true"],
    "approve_refund_ticket": ["?dry_run=true"],
    "reject_refund_ticket": ["?dry_run=true"],
    "list_events": ["?subject_id=<orders>"],
    "get_event": [],
    "list_webhook_endpoints": [],
    "create_webhook_endpoint": [],
    "get_webhook_endpoint": [],
    "update_webhook_endpoint": [{"status": "disabled"}],
    "delete_webhook_endpoint": [],
    "get_webhook_secret": [],
    "rotate_webhook_secret": ["?dry_run=true"],
    "test_webhook_endpoint": ["?dry_run=true"],
    "list_webhook_deliveries": ["?status=failed"],
    "get_webhook_delivery": [],
    "replay_webhook_delivery": ["?dry_run=true"],
}


@pytest.fixture
def worlds(runtime: Runtime, factory: Factory) -> dict[str, World]:
    """The two environments of a store, and another store."""
    own, other = factory.store(environment="test"), factory.store(environment="test")
    scopes = {"CANARYTEST": own, "CANARYPROD": StoreScope(own.store_id, "prod"), "CANARYELSEWHERE": other}
    return {mark: world.make(runtime, factory, scope, mark) for mark, scope in scopes.items()}


@pytest.fixture
def keys(runtime: Runtime, worlds: dict[str, World]) -> dict[str, str]:
    """A key for each environment of the store."""
    return {mark: api_key.create(runtime, worlds[mark].scope, name=mark).text for mark in ("CANARYTEST", "CANARYPROD")}


def test_every_operation_is_in_the_matrix() -> None:
    assert {operation.name for operation in OPERATIONS} == set(MATRIX)
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.prove)], indirect=True)
def test_foreign_ids_are_random_ids(
    runtime: Runtime, worlds: dict[str, World], keys: dict[str, str], program: Callable[..., Program], subtests: pytest.Subtests
) -> None:
    """Every operation in one world: that nothing is changed is asserted for each, so none can help or hinder the next."""
    client = program("none")
    patient = replace(runtime, api_requests_per_minute=1_000_000)
    client.lend(patient)
    before = _rows(patient)
    for operation in OPERATIONS:
        with subtests.test(operation.name):
            for mark, key in keys.items():
                foreign = [victim for name, victim in worlds.items() if name != mark]
                _is_closed(replace(client, key=key), operation, worlds[mark], foreign)
            assert _rows(patient) == before


def _is_closed(client: Program, operation: Operation, own: World, foreign: list[World]) -> None:
    for path, body in _attempts(operation):
        nothing = random_ids(7)
        if "<" not in path + body:
            answer = _send(client, operation, path, body) if operation.method == "GET" else None
            assert answer is None or not any(victim.mark in answer.text for victim in foreign)
            continue
        baseline = _send(client, operation, world.filled(path, nothing), world.filled(body, nothing))
        for victim in foreign:
            answer = _send(client, operation, victim.fill(path), victim.fill(body))
            assert answer.status == baseline.status, (path, answer.text)
            assert answer.status in (404, 422) or operation.name.startswith(("list_", "export_")), answer.text
            assert victim.mark not in answer.text, (path, body)
            assert _comparable(answer, victim.ids) == _comparable(baseline, nothing), (path, body)
        if path.count("<") == 2:  # what is one's own does not open what is within it
            first, second = re.findall(r"<[a-z-]+>", path)
            for victim in foreign:
                mixed = victim.fill(own.fill(path.replace(second, "<<second>>")).replace("<<second>>", second))
                assert _send(client, operation, mixed, victim.fill(body)).status == 404, (first, mixed)


def _attempts(operation: Operation) -> list[tuple[str, str]]:
    """Paths and bodies of JSON with places for ids."""
    document = openapi.document([operation], "https://portal.test")
    sent = document["paths"][operation.path][operation.method.lower()].get("requestBody", {}).get("content", {})
    example = json.dumps(sent["application/json"]["example"]) if sent else ""
    path = path_of(operation)
    found = [(path, example)]
    for each in MATRIX.get(operation.name, []):
        found.append((path + each, example) if isinstance(each, str) else (path, json.dumps(each)))
    return found


def _send(client: Program, operation: Operation, path: str, body: str) -> Answer:
    key = f"isolation-{next(_keys)}" if operation.money else None
    return client.send(operation.method, path, body.encode() or None, idempotency=key)


def _comparable(answer: Answer, ids: dict[str, str]) -> tuple[bytes, list[tuple[str, str]]]:
    """The body without what the client sent itself and what differs with every request, and the headers."""
    body = _REQUEST_ID.sub(b"", answer.body)
    for noun, its_id in ids.items():
        body = body.replace(its_id.encode(), noun.encode())
    varying = {"request-id", "ratelimit-remaining", "content-length", "idempotent-replayed"}
    return body, [pair for pair in answer.headers if pair[0] not in varying]


def _rows(runtime: Runtime) -> dict[str, list[tuple[object, ...]]]:
    return {table: rows for table, rows in snapshot(runtime).items() if table not in _NOT_COMPARED}


def test_what_is_ones_own_is_there(worlds: dict[str, World], keys: dict[str, str], program: Callable[..., Program]) -> None:
    """So that a 404 above is never one that everybody gets."""
    for mark, key in keys.items():
        for operation in OPERATIONS:
            if operation.method == "GET" and not operation.media_types:
                answer = program(key).get(worlds[mark].fill(path_of(operation)))
                assert answer.status == 200, (operation.name, answer.text)
                assert answer.json.get("data") != [], operation.name
