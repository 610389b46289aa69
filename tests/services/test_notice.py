"""A mail is asked for with its effect, and says what was true then: on both databases, through the worker."""

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.scope import BuyerScope, StoreScope
from portico.mail.transport import PermanentMailFailure, TemporaryMailFailure
from portico.services import notice
from portico.services.notice import KINDS, Kind
from portico.services.runtime import Runtime
from portico.storage import buyer, outbox, subscription, tables
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.conftest import ADA
from tests.services.test_sign_in_mail import Post
from tests.services.visits import Mail, Mailbox, deliver

MANAGED = {"managed": True, "customer_reference": "cus_1", "method_reference": "pm_1"}
PLAN = {"product_name": "Atlas Pro", "unit_minor": 4900, **MANAGED}


@dataclass(frozen=True)
class Desk:
    """Where effects happen and mails are asked for."""

    runtime: Runtime
    ada: BuyerScope
    now: datetime
    mailbox: Mailbox

    def add(self, kind: Kind, subject_id: str, **facts: Any) -> None:
        with self.runtime.database.transaction() as tx:
            notice.add(tx, self.runtime, self.ada, kind, subject_id, now=self.now, **facts)

    def sent(self, kind: Kind, subject_id: str, **facts: Any) -> Mail:
        """The one mail that came of it."""
        before = len(self.mailbox.mails())
        self.add(kind, subject_id, **facts)
        deliver(self.runtime)
        assert not self.parked()
        (mail,) = self.mailbox.mails()[before:]
        return mail

    def waiting(self) -> list[dict[str, Any]]:
        with self.runtime.database.read() as connection:
            rows = connection.execute(sa.select(tables.job.c.lane, tables.job.c.kind, tables.job.c.arguments, tables.job.c.due_at))
            return [row._asdict() for row in rows]

    def parked(self) -> list[str]:
        with self.runtime.database.read() as connection:
            return [job.error for job in outbox.parked(connection)]

    def change(self, subscription_id: str, **columns: Any) -> None:
        with self.runtime.database.transaction() as tx:
            version = subscription.get(tx, self.ada, subscription_id).version
            subscription.change(tx, self.ada, subscription_id, expected_version=version, **columns)


@pytest.fixture
def desk(runtime: Runtime, ada: BuyerScope, now: datetime, mailbox: Mailbox) -> Desk:
    return Desk(runtime, ada, now, mailbox)


@pytest.fixture
def plan(factory: Factory, ada: BuyerScope) -> str:
    """An active subscription that Portico bills; its id."""
    return subscribed(factory, ada)


def subscribed(factory: Factory, buyer: BuyerScope, **columns: Any) -> str:
    product_id = factory.product(buyer, kind="subscription")
    carried_by = {"kind": "subscription", "product_id": product_id, "product_name": "Atlas Pro", "status": columns.get("status", "active")}
    return factory.subscription(buyer, product_id=product_id, order_id=factory.order(buyer, **carried_by), **{**PLAN, **columns})


def paid(factory: Factory, ada: BuyerScope, subscription_id: str, **columns: Any) -> str:
    """The payment of the subscription's first period; its id."""
    with factory.database.read() as connection:
        its = subscription.get(connection, ada, subscription_id)
    amounts = {"net_minor": 4900, "tax_minor": 931, "total_minor": 5831}
    period = {"period_start": its.period_start, "period_end": its.period_end, "subscription_id": its.id}
    return factory.payment(ada, its.order_id, **{**amounts, **period, **columns})


def test_a_mail_is_sent_if_and_only_if_its_effect_is_committed(desk: Desk, plan: str) -> None:
    with contextlib.suppress(RuntimeError), desk.runtime.database.transaction() as tx:
        notice.add(tx, desk.runtime, desk.ada, "subscription_resumed", plan, now=desk.now)
        raise RuntimeError("the effect fails")
    deliver(desk.runtime)
    assert not desk.mailbox.mails()
    assert desk.sent("subscription_resumed", plan).message["To"] == ADA


def test_a_receipt_of_a_payment(desk: Desk, factory: Factory, plan: str) -> None:
    payment_id = paid(factory, desk.ada, plan)
    invoice_id = factory.document(desk.ada, payment_id)
    mail = desk.sent("payment_received", payment_id)
    assert mail.message["Subject"] == "Payment received: €58.31 for Atlas Pro"
    assert str(mail.message["From"]) == "Nordlicht <portal@portal.test>"
    assert str(mail.message["Reply-To"]) == "Nordlicht <help@nordlicht.example>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.link == f"https://portal.test/nordlicht/portal/invoices/{invoice_id}"
    for part in ("Price before tax: €49.00", "Tax (19%): €9.31", "Total: €58.31", "Visa ending in 4242", "€58.31 on Apr 14, 2026", ADA):
        assert part in mail.text
    assert "Test environment" not in mail.text


def test_a_mail_says_what_was_true_then(desk: Desk, plan: str) -> None:
    desk.add("subscription_resumed", plan)
    desk.change(plan, product_name="Atlas Max", unit_minor=9900, method_last4="0005")
    deliver(desk.runtime)
    mail = desk.mailbox.last()
    assert mail.message["Subject"] == "Your subscription to Atlas Pro goes on"
    assert "€49.00 per month" in mail.text
    assert "Visa ending in 4242" in mail.text


def test_a_mail_goes_to_the_address_and_in_the_language_of_today(desk: Desk, plan: str, runtime: Runtime) -> None:
    desk.add("subscription_resumed", plan)
    with runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.buyer).values(email="ada@elsewhere.example"))
        buyer.set_locale(tx, desk.ada, "de")
    deliver(runtime)
    mail = desk.mailbox.last()
    assert mail.message["To"] == "ada@elsewhere.example"
    assert mail.message["Content-Language"] == "de"
    assert "14.04.2026" in mail.text


def test_who_chose_no_language_reads_the_stores(runtime: Runtime, factory: Factory, now: datetime, mailbox: Mailbox) -> None:
    scope = factory.store(locale="ja", environment="test")
    ada = factory.buyer(scope)
    mail = Desk(runtime, ada, now, mailbox).sent("subscription_resumed", factory.subscription(ada, **PLAN))
    assert mail.message["Content-Language"] == "ja"
    assert "2026/04/14" in mail.text


def test_days_are_those_of_the_store(runtime: Runtime, factory: Factory, now: datetime, mailbox: Mailbox) -> None:
    midnight = now.replace(hour=22, minute=30)
    ada = factory.buyer(factory.store(time_zone="Asia/Tokyo"))
    subscription_id = factory.subscription(ada, anchor=midnight, **PLAN)
    mail = Desk(runtime, ada, midnight, mailbox).sent("subscription_resumed", subscription_id)
    assert "on Apr 15, 2026" in mail.text
    assert "Asia/Tokyo" in mail.text


def test_a_test_environment_says_so(runtime: Runtime, factory: Factory, now: datetime, mailbox: Mailbox) -> None:
    ada = factory.buyer(factory.store(environment="test", slug="nord"))
    mail = Desk(runtime, ada, now, mailbox).sent("subscription_resumed", factory.subscription(ada, **PLAN))
    html = mail.message.get_body(("html",))
    assert html is not None
    assert "Test environment" in mail.text
    assert "Test environment" in html.get_content()
    assert mail.link.startswith("https://portal.test/test/nord/portal/subscriptions/SUB_")


def test_the_job_holds_ids_and_facts_and_runs_in_real_time(desk: Desk, plan: str, clock: SteppingClock) -> None:
    in_a_year = replace(desk, now=clock() + timedelta(days=365))
    in_a_year.add("subscription_resumed", plan)
    (job,) = desk.waiting()
    assert (job["lane"], job["kind"], job["due_at"]) == ("mail", "notice_mail", clock())
    facts = job["arguments"].pop("facts")
    whose = {"store_id": desk.ada.store_id, "environment": "prod", "buyer_id": desk.ada.buyer_id, "kind": "subscription_resumed"}
    assert job["arguments"] == {**whose, "message_id": f"subscription_resumed.{plan}.20270314092653589793"}
    assert facts["at"] == in_a_year.now.isoformat()
    assert (facts["subscription_id"], facts["plan"], facts["next_total_minor"]) == (plan, "Atlas Pro", 5831)


def test_what_the_caller_knows_is_not_read_again(desk: Desk, plan: str) -> None:
    with desk.runtime.database.read() as connection:
        told = notice.of_subscription(subscription.get(connection, desk.ada, plan))
    mail = desk.sent("subscription_resumed", plan, **{**told, "plan": "Atlas Told"})
    assert mail.message["Subject"] == "Your subscription to Atlas Told goes on"


def test_a_mail_that_is_sent_again_is_known_for_the_same(desk: Desk, plan: str, clock: SteppingClock) -> None:
    taken = Post(lambda: (_ for _ in ()).throw(TemporaryMailFailure("cut after the mail was taken")))
    broken = replace(desk, runtime=replace(desk.runtime, mailer=taken))
    broken.add("subscription_resumed", plan)
    for _ in range(3):
        deliver(broken.runtime)
        clock.advance(minutes=1)
    desk.add("subscription_resumed", plan)  # the same effect: its mail still waits
    replace(desk, now=clock()).add("subscription_resumed", plan)  # another one: canceled and taken back again
    deliver(desk.runtime)
    ids = [mail.message["Message-ID"] for mail in (*taken.taken, *desk.mailbox.mails())]
    assert len(ids) == 5
    assert len(set(ids[:4])) == 1
    assert ids[4] not in ids[:4]


def test_one_effect_has_one_mail_waiting(desk: Desk, plan: str) -> None:
    desk.add("subscription_resumed", plan)
    desk.add("subscription_resumed", plan)
    assert len(desk.waiting()) == 1


def test_a_mail_that_is_refused_for_good_is_parked(desk: Desk, plan: str) -> None:
    def refuse() -> None:
        raise PermanentMailFailure("550 no such user")

    broken = replace(desk, runtime=replace(desk.runtime, mailer=Post(refuse)))
    broken.add("subscription_resumed", plan)
    deliver(broken.runtime)
    assert desk.parked() == ["Permanent: 550 no such user"]


@pytest.mark.parametrize("kind", ["", "sign_in", "payment"])
def test_there_is_no_mail_of_an_unknown_kind(desk: Desk, plan: str, kind: Any) -> None:
    with pytest.raises(ValueError, match="no mail"):
        desk.add(kind, plan)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("subject_id", ["", "PROD_0000000000000000000001", "LNK_0000000000000000000001"])
def test_a_mail_must_be_told_what_about(desk: Desk, kind: Kind, subject_id: str) -> None:
    with pytest.raises(ValueError, match="no mail"):
        desk.add(kind, subject_id)
    assert not desk.waiting()


def test_what_belongs_to_another_buyer_is_not_told(desk: Desk, factory: Factory, scope: StoreScope) -> None:
    eve = factory.buyer(scope)
    with pytest.raises(NotFound):
        desk.add("subscription_resumed", factory.subscription(eve, **PLAN))
    payment_id = factory.payment(eve, factory.order(eve))
    with pytest.raises(NotFound):
        desk.add("payment_received", payment_id)


def test_a_failed_renewal_tells_when_it_is_tried_next_and_last(desk: Desk, factory: Factory, ada: BuyerScope) -> None:
    plan = subscribed(factory, ada, status="past_due", failing_since=desk.now, due_at=desk.now + timedelta(days=1))
    payment_id = paid(factory, ada, plan, status="failed", attempts=("failed",))
    mail = desk.sent("payment_failed", payment_id)
    for part in (
        "Your bank declined the card", "again on Mar 15, 2026", "worked by Mar 21, 2026, your subscription ends", "Total: €58.31",
    ):  # fmt: skip
        assert part in mail.text
    assert mail.link == f"https://portal.test/nordlicht/portal/subscriptions/{plan}"


def test_nobody_is_told_that_a_payment_failed_which_was_paid_since(desk: Desk, factory: Factory, plan: str) -> None:
    payment_id = paid(factory, desk.ada, plan, status="failed", attempts=("failed",))
    desk.add("payment_failed", payment_id)
    with desk.runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.payment).values(status="succeeded", succeeded_at=desk.now))
    deliver(desk.runtime)
    assert not desk.mailbox.mails()
    assert not desk.waiting()


def test_that_a_payment_is_uncertain_is_told_only_if_it_stays_so(desk: Desk, factory: Factory, plan: str, clock: SteppingClock) -> None:
    payment_id = paid(factory, desk.ada, plan, status="unknown", attempts=("unknown",))
    desk.add("payment_uncertain", payment_id)
    clock.advance(seconds=299)
    deliver(desk.runtime)
    assert not desk.mailbox.mails()
    clock.advance(seconds=1)
    deliver(desk.runtime)
    assert "Please don’t pay again" in desk.mailbox.last().text
    later = replace(desk, now=clock())
    later.add("payment_uncertain", payment_id)
    with desk.runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.payment).values(status="succeeded", succeeded_at=desk.now))
    clock.advance(minutes=6)
    deliver(desk.runtime)
    assert len(desk.mailbox.mails()) == 1


def _refund(factory: Factory, ada: BuyerScope, plan: str, now: datetime) -> dict[str, str]:
    payment_id = paid(factory, ada, plan)
    row = {
        "id": "TKT_0000000000000000000001", "store_id": ada.store_id, "environment": ada.environment, "buyer_id": ada.buyer_id,
        "payment_id": payment_id, "version": 1, "amount_minor": 2000, "currency": "EUR", "reason": "Charged twice", "status": "rejected",
        "note": "It was another plan", "created_at": now, "updated_at": now, "decided_at": now,
    }  # fmt: skip
    with factory.database.transaction() as tx:
        tx.execute(sa.insert(tables.refund_ticket).values(**row))
    return {"payment_id": payment_id, "ticket_id": row["id"]}


def test_a_refund_from_its_request_to_the_money(desk: Desk, factory: Factory, plan: str) -> None:
    ids = _refund(factory, desk.ada, plan, desk.now)
    desk.change(plan, product_name="Atlas Max")  # not what the payment was for
    asked = desk.sent("refund_requested", ids["ticket_id"], payment_id=ids["payment_id"])
    declined = desk.sent("refund_rejected", ids["ticket_id"])
    refund_id = factory.refund(desk.ada, ids["payment_id"], amount_minor=2000)
    made = desk.sent("refund_made", refund_id, payment_id=ids["payment_id"])
    assert asked.message["Subject"] == "Refund request received: €20.00 for Atlas Pro"
    assert "Your reason: Charged twice" in asked.text
    assert "Our answer: It was another plan" in declined.text
    assert "Amount refunded: €20.00" in made.text
    assert "/portal/orders/ORD_" in made.link


def test_a_cancellation_is_confirmed_by_its_number(desk: Desk, factory: Factory, plan: str) -> None:
    ends = desk.now + timedelta(days=31)
    row = {
        "id": "CAN_0000000000000000000001", "store_id": desk.ada.store_id, "environment": "prod", "buyer_id": desk.ada.buyer_id,
        "subscription_id": plan, "reason_code": None, "comment": "Too dear", "requested_at": desk.now, "effective_at": ends,
        "actor": "buyer", "interval": "month", "quantity": 1, "net_minor": 4900, "currency": "EUR",
    }  # fmt: skip
    with factory.database.transaction() as tx:
        row["product_id"] = subscription.get(tx, desk.ada, plan).product_id
        tx.execute(sa.insert(tables.cancellation).values(**row))
    mail = desk.sent("cancellation_scheduled", row["id"], subscription_id=plan)
    for part in ("Canceled on: Mar 14, 2026, 10:26", "Ends on: Apr 14, 2026, 11:26", "Your comment: Too dear", "Reference: CAN_0000"):
        assert part in mail.text
