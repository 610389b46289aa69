"""Events and webhook endpoints over the API: set up, tried out, looked at and sent again, with the secret shown and never kept."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from portico.api.webhook_endpoints import MOST_TESTS_AT_ONCE
from portico.app import system_clock
from portico.domain.event import EVENT_TYPES
from portico.gateways.http_out import Answer
from portico.jobs.worker import Worker
from portico.services import event
from portico.services.runtime import Runtime
from portico.storage import tables
from tests.api.conftest import Program, Shop
from tests.services.test_webhook_out import Receiver

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
URL = "https://hooks.example/portico"


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def client(program: Callable[..., Program], shop: Shop, runtime: Runtime, receiver: Receiver) -> Program:
    found = program(shop.key)
    found.lend(replace(runtime, http_out=receiver, clock=system_clock))
    return found


def test_the_whole_life_of_an_endpoint(client: Program, shop: Shop, runtime: Runtime, receiver: Receiver) -> None:
    made = client.post("/v1/webhook-endpoints", {"url": URL, "description": "Shop"}).json
    path, told = f"/v1/webhook-endpoints/{made['id']}", replace(runtime, http_out=receiver, clock=system_clock)
    assert made["secret"].startswith("whsec_")
    assert client.get(f"{path}/secret").json == {"secret": made["secret"], "previous_secret": None}
    assert "secret" not in client.get(path).json
    tried = client.post(f"{path}/test").json
    assert (tried["status"], tried["attempts"][0]["status_code"], tried["event_type"]) == ("succeeded", 200, "webhook.test")
    Webhook(made["secret"]).verify(receiver.posts[0][1], dict(receiver.posts[0][2]))

    receiver.statuses = ["timeout", 200]
    with runtime.database.transaction() as tx:
        event.record(tx, runtime, shop.buyer, "payment.failed", "PAY_1", at=runtime.clock(), failure_code="card_declined")
    Worker(told).run_until_idle()
    (failed, _) = client.get(f"{path}/deliveries").json["data"]
    assert (failed["status"], failed["attempts"][0]["error"], failed["event_type"]) == ("pending", "timeout", "payment.failed")
    listed = client.get("/v1/events?type=payment.failed").json["data"]
    assert listed == receiver.bodies()[1:]
    assert client.get(f"/v1/events/{failed['event_id']}").json == listed[0]
    waiting = client.post(f"{path}/deliveries/{failed['id']}/replay")
    assert (waiting.status, waiting.json["code"]) == (409, "delivery_pending")

    again = client.post(f"{path}/deliveries/{tried['id']}/replay").json
    Worker(told).run_until_idle()
    sent = client.get(f"{path}/deliveries/{again['id']}").json
    assert (sent["status"], sent["replay_of_id"], sent["body"]) == ("succeeded", tried["id"], receiver.posts[0][1].decode())

    rotated = client.post(f"{path}/rotate-secret").json
    assert client.get(f"{path}/secret").json == {"secret": rotated["secret"], "previous_secret": made["secret"]}
    changed = client.patch(path, {"event_types": ["payment.failed"], "status": "disabled"}).json
    assert (changed["event_types"], changed["status"], changed["disabled_reason"]) == (["payment.failed"], "disabled", "asked")
    assert client.post(f"{path}/test?dry_run=true").json["reason"]["code"] == "endpoint_disabled"
    assert client.delete(path).status == 204
    assert client.get(f"{path}/deliveries").status == 404


def test_receivers_that_take_their_time_do_not_take_the_sites(
    client: Program, runtime: Runtime, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/webhook-endpoints/{client.post('/v1/webhook-endpoints', {'url': URL}).json['id']}/test"
    answers: list[dict[str, Any]] = []

    def post_and_try_another(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if len(receiver.posts) < MOST_TESTS_AT_ONCE + 1:
            receiver.posts.append((url, body, headers))
            answers.append(client.post(path).json)  # while this one is still waited for
        return Answer(200, None, 7)

    monkeypatch.setattr(receiver, "post", post_and_try_another)
    answers.append(client.post(path).json)
    assert len(receiver.posts) == MOST_TESTS_AT_ONCE
    assert [(each["status"], len(each["attempts"])) for each in answers] == [("pending", 0), *[("succeeded", 1)] * MOST_TESTS_AT_ONCE]
    Worker(replace(runtime, http_out=receiver, clock=system_clock)).run_until_idle()
    not_waited_for = client.get(f"{path.removesuffix('test')}deliveries/{answers[0]['id']}").json
    assert (not_waited_for["status"], len(not_waited_for["attempts"])) == ("succeeded", 1)


def test_a_secret_is_kept_nowhere_and_told_again_to_whoever_asks_again(client: Program, runtime: Runtime) -> None:
    sent = [client.post("/v1/webhook-endpoints", {"url": URL}, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert sent[0].json == sent[1].json
    secret = sent[0].json["secret"]
    with runtime.database.read() as connection:
        for table in tables.metadata.tables.values():
            assert all(secret not in str(value) for row in connection.execute(sa.select(table)) for value in row)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"url": "http://169.254.169.254/"}, {"url": "url_not_allowed"}),
        ({"url": URL, "event_types": ["payment.exploded"], "format": "xml"}, {"event_types/0": "value", "format": "value"}),
        ({"url": URL, "event_types": ["payment.failed", "payment.failed"]}, {"event_types": "event_twice"}),
        ({"link": URL}, {"url": "required", "link": "field_unknown"}),
    ],
)
def test_what_is_wrong_is_told_at_once(client: Program, body: dict[str, object], wrong: dict[str, str]) -> None:
    answer = client.post("/v1/webhook-endpoints", body)
    assert (answer.status, {error["field"]: error["code"] for error in answer.json["errors"]}) == (422, wrong)
    assert client.get("/v1/webhook-endpoints").json["data"] == []


def test_whoever_names_an_event_that_there_is_not_is_told_all_that_there_are(client: Program) -> None:
    (wrong,) = client.post("/v1/webhook-endpoints", {"url": URL, "event_types": ["payment.exploded"]}).json["errors"]
    assert wrong["detail"].removeprefix("One of: ").removesuffix(".").split(", ") == list(EVENT_TYPES)
