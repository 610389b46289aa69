"""What happens is told: every event to every endpoint that wants it, once, in order of nothing, signed, again and again until it is
taken or three days are over."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook, WebhookVerificationError

from portico.app import system_clock
from portico.domain.errors import Invalid, NotFound, Refused
from portico.domain.event import Event
from portico.domain.scope import StoreScope
from portico.domain.webhook import MOST_ATTEMPTS, WAITS, Delivery, Endpoint
from portico.gateways.http_out import Answer
from portico.http.metrics import Metrics
from portico.jobs.worker import Worker
from portico.services import cancellation, check, event, webhook_dispatch, webhook_out, webhook_secret
from portico.services.runtime import Runtime
from portico.storage import outbox, tables
from portico.storage import webhook_delivery as deliveries
from portico.storage import webhook_endpoint as endpoints
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.shop import Shop

URL = "https://hooks.example/portico"


@dataclass
class Receiver:
    """The other side: answers with `statuses` in turn, the last one for ever, and keeps what it was sent."""

    statuses: list[int | str] = field(default_factory=lambda: [200])
    posts: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.posts.append((url, body, headers))
        said = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return Answer(None, said, 7) if isinstance(said, str) else Answer(said, None, 7)

    def bodies(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(body) for _, body, _ in self.posts]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def told(runtime: Runtime, receiver: Receiver) -> Runtime:
    return replace(runtime, http_out=receiver)


def endpoint(runtime: Runtime, scope: StoreScope, **given: Any) -> Endpoint:
    return webhook_out.create(runtime, scope, **{"url": URL, "actor": "key:KEY_1"} | given)


def happens(runtime: Runtime, scope: StoreScope, subject_id: str = "SUB_1", kind: Any = "subscription.renewed", **data: Any) -> None:
    with runtime.database.transaction() as tx:
        event.record(tx, runtime, scope, kind, subject_id, at=runtime.clock(), **data)


def sent(runtime: Runtime, scope: StoreScope, **wanted: Any) -> list[Delivery]:
    """Oldest first."""
    with runtime.database.read() as connection:
        return list(reversed(deliveries.page(connection, scope, limit=100, **wanted).items))


def rows(runtime: Runtime, table: sa.Table) -> int:
    with runtime.database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


# --- Who is told of what


def test_each_endpoint_gets_what_it_wants_once(told: Runtime, receiver: Receiver, factory: Factory) -> None:
    store, other = factory.store(), factory.store()
    all_of_it = endpoint(told, store)
    some = endpoint(told, store, event_types=("payment.failed",))
    endpoint(told, StoreScope(store.store_id, "prod"))
    off = endpoint(told, store)
    webhook_out.update(told, store, off.id, actor="a", status="disabled")
    endpoint(told, other, event_types=("document.issued",))
    buyer = factory.buyer(store)
    happens(told, buyer, "SUB_1")
    happens(told, buyer, "PAY_1", "payment.failed", **event.money(2900, "EUR"))
    happens(told, factory.buyer(other), "PAY_2", "payment.failed")
    Worker(told).run_until_idle()
    Worker(told).run_until_idle()
    assert [(each.endpoint_id, each.event_type, each.status, each.attempts) for each in sent(told, store)] == [
        (all_of_it.id, "subscription.renewed", "succeeded", 1),
        (all_of_it.id, "payment.failed", "succeeded", 1),
        (some.id, "payment.failed", "succeeded", 1),
    ]
    assert sent(told, other) == []
    assert len(receiver.posts) == 3
    failed = receiver.bodies()[-1]
    assert failed["data"] == {"id": "PAY_1", "buyer_id": buyer.buyer_id, "amount": "29.00", "currency": "EUR"}
    assert (failed["type"], failed["store_id"], failed["environment"]) == ("payment.failed", store.store_id, store.environment)


def test_what_is_taken_back_is_not_told(told: Runtime, receiver: Receiver, factory: Factory) -> None:
    store = factory.store()
    endpoint(told, store)
    with suppress(ZeroDivisionError), told.database.transaction() as tx:
        event.record(tx, told, store, "document.issued", "INV_1", at=told.clock())
        raise ZeroDivisionError
    with told.database.transaction():  # of the same connection
        pass
    Worker(told).run_until_idle()
    assert (receiver.posts, rows(told, tables.event)) == ([], 0)


def test_a_cancellation_tells_why(shop: Shop, receiver: Receiver) -> None:
    runtime = replace(shop.runtime, http_out=receiver)
    endpoint(runtime, shop.store, event_types=("subscription.cancel_requested",))
    subscription_id = shop.subscribe()
    cancellation.cancel(runtime, shop.ada, subscription_id, "too_expensive", "Schöner wär’s günstiger", actor="key:KEY_1")
    Worker(runtime).run_until_idle()
    (body,) = receiver.bodies()
    why = {"reason": "too_expensive", "comment": "Schöner wär’s günstiger", "actor": "key:KEY_1", "status": "canceling"}
    assert why.items() <= body["data"].items()
    assert (body["data"]["id"], body["data"]["effective_at"]) == (subscription_id, "2026-05-01T00:00:00Z")


def test_there_is_no_second_delivery_of_an_event_to_an_endpoint(told: Runtime, factory: Factory) -> None:
    store = factory.store()
    endpoint(told, store)
    happens(told, store)
    assert webhook_dispatch.dispatch(told) == 1
    assert webhook_dispatch.dispatch(told) == 0
    (first,) = sent(told, store)
    with pytest.raises(sa.exc.IntegrityError), told.database.transaction() as tx:
        deliveries.create(tx, [(store, replace(first, id="WHD_2"), "{}")])


def test_who_dispatches_at_the_same_time_takes_other_events(told: Runtime, factory: Factory) -> None:
    if told.database.dialect == "sqlite":
        return  # where there is one writer at a time
    store = factory.store()
    endpoint(told, store)
    happens(told, store, "SUB_1")
    with told.database.engine.begin() as elsewhere:
        elsewhere.execute(sa.select(tables.event.c.id).with_for_update())
        assert webhook_dispatch.dispatch(told) == 0
    assert webhook_dispatch.dispatch(told) == 1


# --- Signatures


def test_standard_webhooks_own_verifier_takes_what_we_send(told: Runtime, receiver: Receiver, factory: Factory) -> None:
    now = replace(told, clock=system_clock)  # the verifier looks at the machine's
    store = factory.store()
    mine, yours = endpoint(now, store), endpoint(now, store)
    happens(now, store)
    Worker(now).run_until_idle()
    for (_, body, headers), its, other in zip(receiver.posts, (mine, yours), (yours, mine), strict=True):
        found = Webhook(webhook_out.secret(now, its)).verify(body, dict(headers))
        assert found["id"] == headers["webhook-id"]
        assert headers["content-type"] == "application/json"
        for forged in (body.replace(b"SUB_1", b"SUB_2"), body + b" "):
            with pytest.raises(WebhookVerificationError):
                Webhook(webhook_out.secret(now, its)).verify(forged, dict(headers))
        with pytest.raises(WebhookVerificationError):
            Webhook(webhook_out.secret(now, other)).verify(body, dict(headers))


def test_for_a_day_after_a_rotation_both_secrets_sign(told: Runtime, factory: Factory, clock: SteppingClock) -> None:
    store = factory.store()
    first = endpoint(told, store)
    second = webhook_out.rotate(told, store, first.id, actor="a")
    secrets = [webhook_secret.of(told.secret, first), webhook_secret.of(told.secret, second)]
    assert all(secret.startswith("whsec_") and len(secret) == 50 for secret in secrets)  # 32 bytes in base64
    assert len(set(secrets)) == 2
    assert webhook_secret.live(told.secret, second, clock()) == (secrets[1], secrets[0])
    signed = webhook_secret.headers(told.secret, second, "EVT_1", "{}", clock())
    assert signed["webhook-signature"].split(" ") == [Webhook(each).sign("EVT_1", clock(), "{}") for each in reversed(secrets)]
    clock.advance(hours=24)
    assert webhook_secret.live(told.secret, second, clock()) == (secrets[1],)
    assert webhook_secret.of(b"another installation's secret", second) not in secrets


# --- The ladder


def test_the_ladder_is_that_of_standard_webhooks(told: Runtime, receiver: Receiver, factory: Factory, clock: SteppingClock) -> None:
    """A receiver that is away for good: ten attempts over 75 hours, each a row, all with the same bytes and id."""
    receiver.statuses = [500, "timeout", 302, 404, "connection_failed", 503]
    store = factory.store()
    endpoint(told, store)
    happens(told, store)
    Worker(told).run_until_idle()
    began, waits = clock(), list[timedelta]()
    for _ in WAITS:
        (delivery,) = sent(told, store)
        assert delivery.next_at is not None
        waits.append(delivery.next_at - clock())
        clock.time = delivery.next_at - timedelta(seconds=1)
        Worker(told).run_until_idle()
        assert sent(told, store) == [delivery], "not before its time"
        clock.time = delivery.next_at + timedelta(seconds=1)
        Worker(told).run_until_idle()
    assert all(planned <= wait <= planned * 1.1 for planned, wait in zip(WAITS, waits, strict=True))
    assert sum(WAITS, timedelta()) == timedelta(hours=75, minutes=35, seconds=5) <= clock() - began
    (delivery,) = sent(told, store)
    assert (delivery.status, delivery.attempts, delivery.next_at, delivery.finished_at) == ("failed", MOST_ATTEMPTS, None, clock())
    with told.database.read() as connection:
        made = deliveries.attempts(connection, store, [delivery.id])[delivery.id]
    assert [(each.sequence, each.status_code, each.error) for each in made[:5]] == [
        (1, 500, None), (2, None, "timeout"), (3, 302, None), (4, 404, None), (5, None, "connection_failed"),
    ]  # fmt: skip
    assert len(made) == len(receiver.posts) == MOST_ATTEMPTS
    assert len({body for _, body, _ in receiver.posts}) == len({headers["webhook-id"] for *_, headers in receiver.posts}) == 1
    assert len({headers["webhook-signature"] for *_, headers in receiver.posts}) == MOST_ATTEMPTS
    assert Worker(told).run_until_idle(clock() + timedelta(days=30)) == 0


def test_what_is_taken_at_last_is_not_sent_again(told: Runtime, receiver: Receiver, factory: Factory, clock: SteppingClock) -> None:
    receiver.statuses = [500, 500, 204]
    store = factory.store()
    endpoint(told, store)
    happens(told, store)
    for _ in range(6):
        Worker(told).run_until_idle()
        clock.advance(hours=1)
    (delivery,) = sent(told, store)
    assert (delivery.status, delivery.attempts, len(receiver.posts)) == ("succeeded", 3, 3)


def test_gone_disables_the_endpoint(told: Runtime, receiver: Receiver, factory: Factory, clock: SteppingClock) -> None:
    store = factory.store()
    gone = endpoint(told, store)
    receiver.statuses = [500, 410]
    happens(told, store, "SUB_1")
    Worker(told).run_until_idle()
    happens(told, store, "SUB_2")
    Worker(told).run_until_idle()
    happens(told, store, "SUB_3")
    clock.advance(days=1)
    Worker(told).run_until_idle()
    with told.database.read() as connection:
        found = endpoints.get(connection, store, gone.id)
    assert (found.status, found.disabled_reason) == ("disabled", "gone")
    assert [(each.status, each.attempts) for each in sent(told, store)] == [("failed", 1), ("failed", 1)]
    assert len(receiver.posts) == 2
    again = webhook_out.update(told, store, gone.id, actor="a", status="enabled")
    assert (again.status, again.disabled_reason) == ("enabled", None)


def test_what_goes_to_a_deleted_endpoint_goes_nowhere(told: Runtime, receiver: Receiver, factory: Factory) -> None:
    store = factory.store()
    receiver.statuses = [500]
    mine, other = endpoint(told, store), endpoint(told, store)
    happens(told, store)
    Worker(told).run_until_idle()
    webhook_out.delete(told, store, mine.id, actor="a")
    assert {each.endpoint_id for each in sent(told, store)} == {other.id}
    assert rows(told, tables.webhook_attempt) == 1
    Worker(told).run_until_idle(told.clock() + timedelta(days=9))
    with pytest.raises(NotFound):
        webhook_out.delete(told, store, mine.id, actor="a")


def test_an_attempt_is_noted_once_whoever_else_makes_it(told: Runtime, receiver: Receiver, factory: Factory) -> None:
    store = factory.store()
    endpoint(told, store)
    happens(told, store)
    Worker(told).run_until_idle()
    (delivery,) = sent(told, store)
    with told.database.transaction() as tx:
        found = deliveries.attempts(tx, store, [delivery.id])[delivery.id][0]
        assert not deliveries.attempt(tx, delivery.id, found, status="failed", next_at=None, now=told.clock())
        assert not deliveries.finish(tx, delivery, now=told.clock())
    assert sent(told, store) == [delivery]


def test_a_receiver_that_is_away_is_shown_to_the_operator(
    told: Runtime, receiver: Receiver, factory: Factory, clock: SteppingClock
) -> None:
    def findings() -> list[tuple[str, str]]:
        found = [each for each in check.run(told.database, clock()) if each.check == "webhooks_are_taken"]
        figure = f"portico_webhook_endpoints_failing {len(found)}.0"
        assert figure in Metrics().text(told.database, clock()).decode()
        return [(each.subject, each.severity) for each in found]

    store = factory.store()
    away = endpoint(told, store)
    receiver.statuses = ["timeout"]
    happens(told, store, "SUB_1")
    for wait in (0, 6, 331):
        clock.advance(seconds=wait)
        Worker(told).run_until_idle()
        assert findings() == [], "that may happen to anybody"
    clock.advance(minutes=33)
    Worker(told).run_until_idle()
    assert findings() == [(away.id, "warning")]
    receiver.statuses = [200]
    clock.advance(seconds=1)
    happens(told, store, "SUB_2")
    Worker(told).run_until_idle()
    assert findings() == [], "it is back, and takes what is newer"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("error", [NotFound(), KeyError("payment_id")])
def test_an_event_that_cannot_be_told_in_a_format_holds_up_no_other(
    told: Runtime, receiver: Receiver, factory: Factory, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def no_words(tx: sa.Connection, scope: StoreScope, happened: Event, delivery_id: str) -> str:
        raise error

    monkeypatch.setattr(webhook_dispatch.waffo_event, "body", no_words)
    store = factory.store()
    endpoint(told, store, format="waffo")
    endpoint(told, store)
    happens(told, store)
    Worker(told).run_until_idle()
    assert [each["type"] for each in receiver.bodies()] == ["subscription.renewed"]


# --- Tests and replays


def test_a_test_is_sent_at_once_and_to_that_endpoint_alone(told: Runtime, receiver: Receiver, factory: Factory) -> None:
    store = factory.store()
    endpoint(told, store)
    tried = endpoint(told, store, event_types=("payment.failed",))
    delivery_id = webhook_out.test(told, store, tried.id, waits=True)
    (delivery,) = sent(told, store)
    assert (delivery.id, delivery.endpoint_id, delivery.status) == (delivery_id, tried.id, "succeeded")
    assert receiver.bodies()[0]["type"] == "webhook.test"
    assert webhook_dispatch.dispatch(told) == 0
    with told.database.read() as connection:
        assert not outbox.has(connection, webhook_dispatch.job_key(delivery_id, 0))
    webhook_out.update(told, store, tried.id, actor="a", status="disabled")
    with pytest.raises(Refused, match="disabled"):
        webhook_out.test(told, store, tried.id, waits=True)


def test_a_replay_is_a_new_delivery_of_the_same_event(told: Runtime, receiver: Receiver, factory: Factory) -> None:
    receiver.statuses = [500, 200]
    store = factory.store()
    endpoint(told, store)
    happens(told, store)
    Worker(told).run_until_idle()
    (first,) = sent(told, store)
    with pytest.raises(Refused) as pending:
        webhook_out.replay(told, store, first.endpoint_id, first.id, actor="a")
    assert pending.value.code == "delivery_pending"
    Worker(told).run_until_idle(told.clock() + timedelta(seconds=6))
    for _ in range(2):
        again = webhook_out.replay(told, store, first.endpoint_id, first.id, actor="a")
        Worker(told).run_until_idle()
        assert (again.replay_of_id, again.event_id, again.id != first.id) == (first.id, first.event_id, True)
    assert [each.status for each in sent(told, store)] == ["succeeded"] * 3
    assert len({headers["webhook-id"] for *_, headers in receiver.posts}) == 1
    assert len({body for _, body, _ in receiver.posts}) == 1


# --- Bad input


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_wrong_with_an_endpoint_is_told_all_at_once(told: Runtime, factory: Factory) -> None:
    store = factory.store()
    with pytest.raises(Invalid) as wrong:
        endpoint(told, store, url="http://169.254.169.254/", description="x" * 201, event_types=("payment.exploded",), format="xml")
    assert [(error.field, error.code) for error in wrong.value.errors] == [
        ("description", "too_long"), ("url", "url_not_allowed"), ("event_types", "event_unknown"), ("format", "format_unknown"),
    ]  # fmt: skip
    for _ in range(webhook_out.MOST_ENDPOINTS):
        endpoint(told, store)
    with pytest.raises(Refused) as full:
        endpoint(told, store)
    assert full.value.code == "too_many_endpoints"
    endpoint(replace(told, webhooks_to_loopback=True), factory.store(), url="http://127.0.0.1:9000/hook")
