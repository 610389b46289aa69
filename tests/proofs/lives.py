"""The life of a subscription as its payment provider tells it: seven webhooks, in whatever order they come."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Literal

import msgspec
import sqlalchemy as sa

from portico.app import id_maker
from portico.gateways import webhook_signature
from portico.jobs.handlers import HANDLERS
from portico.jobs.worker import Worker
from portico.mail.transport import FileMailer
from portico.sandbox import answers, cards
from portico.sandbox.bank import Bank
from portico.sandbox.records import ChargeState, Entry, RefundState
from portico.services import card, charging, notice, plan_change, refund, renewal, webhook_in
from portico.services.runtime import Runtime
from portico.storage import tables
from tests.bank import BASE_URL, SIGNATURE_HEADER, WEBHOOK_SECRET, BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.proofs.undoable import Undoable
from tests.services.shop import START, Shop, opened

Kind = Literal["period", "change"]
Webhook = tuple[bytes, dict[str, str]]
CHARGE_STATES: tuple[ChargeState, ...] = ("requires_action", "processing", "failed", "succeeded")
# Rows whose content must not depend on the order in which the bank's news came; what was written on the way there may.
_STATE = (
    tables.subscription, tables.order, tables.payment, tables.payment_attempt, tables.refund, tables.refund_ticket, tables.card_setup,
    tables.document, tables.gateway_customer, tables.webhook_event,
)  # fmt: skip
_OF_THE_WAY = {"version", "received_at"}


@dataclass(frozen=True, slots=True)
class Life:
    """A subscription with a charge under way (for its next period, or for a change of plan), an earlier payment of which part is
    given back, and a visit to the card page: by the keys that the bank knows them by."""

    shop: Shop
    database: Undoable
    subscription_id: str
    charge_key: str
    refund_key: str
    visit: str

    def receive(self, webhook: Webhook) -> None:
        webhook_in.receive(self.shop.runtime, "prod", "sandbox", *webhook)

    def finish(self) -> None:
        """Runs what the news left to the worker; mails are not written."""
        quiet = {**HANDLERS, notice.JOB: lambda _runtime, _job: None}
        Worker(self.shop.runtime, quiet).run_until_idle(self.shop.clock.time.replace(year=2027))

    def state(self) -> list[str]:
        """Every row that matters, and the jobs that are left."""
        told: list[str] = []
        with self.database.read() as connection:
            for table in _STATE:
                columns = [column for column in table.c if column.name not in _OF_THE_WAY and column is not tables.document.c.id]
                told += sorted(f"{table.name} {tuple(row)}" for row in connection.execute(sa.select(*columns)))
            kinds = connection.execute(sa.select(tables.job.c.kind).order_by(tables.job.c.kind)).scalars()
            return told + [f"job {kind}" for kind in kinds]


def shop_of(database: Undoable, folder: Path) -> tuple[Shop, str]:
    """A shop and the id of a subscription whose period is paid; the same in every run, to the last id."""
    clock = SteppingClock(START)
    gateway = BankGateway(Bank(None, clock, Random(1).randbytes))
    runtime = Runtime(
        database=database, mailer=FileMailer(folder), clock=clock, random_bytes=Random(2).randbytes,
        new_id=id_maker(clock, Random(3).randbytes), secret=b"a secret of the tests, kept by nobody",
        origin="https://portal.test", mail_from="portal@portal.test",
    )  # fmt: skip
    shop = opened(runtime, Factory(database, START), gateway, clock)
    return shop, shop.subscribe("starter")


def live(shop: Shop, subscription_id: str, kind: Kind) -> Life:
    """Makes the rows, the same whenever it is called. The bank is away when it is asked for the money."""
    database = shop.runtime.database
    assert isinstance(database, Undoable)
    shop.clock.time = START + timedelta(days=10) if kind == "change" else shop.read(subscription_id).period_end
    shop = replace(shop, runtime=replace(shop.runtime, new_id=id_maker(shop.clock, Random(4).randbytes)))
    paid = shop.payments(subscription_id)[0]
    refund_key = refund.approve(shop.runtime, refund.ask(shop.runtime, shop.ada, paid.id, "5.00", "Not used").id)
    visit = card.update_page(shop.runtime, shop.ada, subscription_id).rpartition("/")[2]
    shop.gateway.faults.append("unreachable")
    if kind == "change":
        quote = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1).quote
        plan_change.confirm(shop.runtime, shop.ada, subscription_id, quote)
    else:
        renewal.sweep(shop.runtime)
    shop.gateway.faults.clear()
    charge_key = shop.payments(subscription_id)[-1].attempts[0].key or ""
    return Life(shop, database, subscription_id, charge_key, refund_key, visit)


def news_of(life: Life) -> tuple[Webhook, ...]:
    """Seven webhooks: the charge is confirmed, worked on, refused, and captured after all; the refund is begun and made; a card was
    given. The bank did all of it when this returns; we know of nothing."""
    shop, bank = life.shop, life.shop.gateway.bank
    with life.database.undone():
        charging.charge(shop.runtime, life.charge_key)
        refund.execute(shop.runtime, life.refund_key)
    shop.gateway.use_card_page(life.visit, cards.WEBHOOK_TWICE)
    charged = next(entry for entry in _newest(bank) if entry.charge is not None and entry.charge.request.key == life.charge_key)
    refunded = next(entry for entry in _newest(bank) if entry.refund is not None and entry.refund.request.key == life.refund_key)
    given = next(entry for entry in _newest(bank) if entry.setup is not None and entry.setup.id == life.visit)
    told = [*(_charge_as(charged, state) for state in CHARGE_STATES), _refund_as(refunded, "pending"), refunded, given]
    return tuple(_signed(shop, msgspec.structs.replace(entry, sequence=9001 + place)) for place, entry in enumerate(told))


def _newest(bank: Bank) -> list[Entry]:
    return bank.ledger()[::-1]


def _charge_as(entry: Entry, state: ChargeState) -> Entry:
    """What the bank would have written when the charge was there."""
    assert entry.charge is not None
    refusal = "card_declined" if state == "failed" else None
    return msgspec.structs.replace(entry, type=f"charge.{state}", charge=replace(entry.charge, status=state, refusal=refusal))


def _refund_as(entry: Entry, state: RefundState) -> Entry:
    assert entry.refund is not None
    return msgspec.structs.replace(entry, type=f"refund.{state}", refund=replace(entry.refund, status=state))


def _signed(shop: Shop, entry: Entry) -> Webhook:
    body = msgspec.json.encode(answers.of_event(entry, BASE_URL))
    return body, {SIGNATURE_HEADER: webhook_signature.sign(WEBHOOK_SECRET.encode(), body, shop.clock.time)}
