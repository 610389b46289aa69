"""EU VAT ids, looked up in the EU's register: asked when saved, proved when answered, and nobody waits for it."""

import email
import email.policy
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa

from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.tax import TaxPolicy, TaxRule
from portico.gateways.port import Unanswered
from portico.gateways.vat_register import VatAnswer
from portico.gateways.vies import Vies
from portico.jobs.worker import Worker
from portico.services import billing_detail, check, tax_id_check
from portico.services.runtime import Runtime
from portico.storage import outbox, tables, tax_rate
from portico.storage import store as stores
from portico.storage import tax_id_check as checks
from portico.storage.tax_id_check import TaxIdCheck
from tests.conftest import SteppingClock
from tests.factories import CARD, SELLER, Factory
from tests.gateways.register import StandIn, stand_in

ID, OTHER, UNKNOWN = "FR40303265045", "ATU13585627", "IT00743110157"


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with stand_in() as register:
        yield register


@pytest.fixture
def register(server: StandIn) -> StandIn:
    server.registered, server.requesters = {ID: ("Exemple SARL", "---"), OTHER: ("Beispiel AG", "---")}, {"DE136695976"}
    server.questions, server.faults = [], []
    return server


@pytest.fixture
def runtime(runtime: Runtime, register: StandIn) -> Runtime:
    return replace(runtime, vat_register=Vies(register.url))


@pytest.fixture
def scope(factory: Factory) -> StoreScope:
    return factory.store(environment="prod")


@pytest.fixture
def ada(runtime: Runtime, factory: Factory, scope: StoreScope) -> BuyerScope:
    """A buyer of a store that wants ids checked."""
    with runtime.database.transaction() as tx:
        stores.set_tax_policy(tx, scope.store_id, TaxPolicy(check_vat_ids=True))
        tax_rate.replace(tx, scope.store_id, [TaxRule(c, date(2020, 1, 1), r) for c, r in (("DE", "19"), ("FR", "20"), ("IT", "22"))])
    return factory.buyer(scope, email="ada@example.com")


def save(runtime: Runtime, buyer: BuyerScope, vat_id: str, country: str = "") -> None:
    _, version = billing_detail.read(runtime, buyer)
    raw = {"country": country or vat_id[:2], "is_business": "yes", "business_name": "Exemple SARL", "tax_id": vat_id}
    billing_detail.save(runtime, buyer, raw, version)


def newest(runtime: Runtime, buyer: BuyerScope, vat_id: str = ID) -> TaxIdCheck | None:
    with runtime.database.read() as connection:
        return checks.newest(connection, buyer, vat_id)


def next_due(runtime: Runtime) -> datetime | None:
    """When the one job that waits is due."""
    with runtime.database.read() as connection:
        return next((lane.oldest_due_at for lane in outbox.waiting(connection)), None)


def findings(runtime: Runtime) -> list[tuple[str, str, str]]:
    return [(found.check, found.subject, found.severity) for found in check.run(runtime.database, runtime.clock())]


def test_an_id_is_proved_after_it_was_saved(runtime: Runtime, ada: BuyerScope, register: StandIn, clock: SteppingClock) -> None:
    labelled = {**SELLER, "tax_id": "UK VAT GB980780684 · USt-IdNr. DE 136 695 976"}
    with runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.store).values(seller=labelled))
    save(runtime, ada, ID)
    asked = newest(runtime, ada)
    assert asked is not None
    assert (asked.status, register.questions) == ("pending", [])  # whoever saves does not wait
    clock.advance(seconds=3)
    Worker(runtime).run_until_idle()
    proof = newest(runtime, ada)
    assert proof is not None
    assert (proof.status, proof.answered_at, proof.asked_at) == ("valid", clock(), clock() - timedelta(seconds=3))
    assert (proof.consultation_number, proof.name, proof.address) == ("WAPIAAAA00000001", "Exemple SARL", None)
    assert register.questions[0]["requesterNumber"] == "136695976"
    assert next_due(runtime) is None


def test_an_id_that_is_proved_is_not_asked_for_again_for_a_month(
    runtime: Runtime, ada: BuyerScope, register: StandIn, clock: SteppingClock
) -> None:
    for days in (0, 29, 2):
        clock.advance(days=days)
        save(runtime, ada, ID)
        Worker(runtime).run_until_idle()
    assert len(register.questions) == 2


def test_while_a_state_is_down_its_ids_are_asked_for_again_and_again_for_a_week(
    runtime: Runtime, ada: BuyerScope, register: StandIn, clock: SteppingClock
) -> None:
    register.faults = ["MS_UNAVAILABLE", "cut", (200, b"junk"), *["TIMEOUT"] * 60]
    save(runtime, ada, ID)
    start, worker, tries = clock(), Worker(runtime), 0
    while due := next_due(runtime):
        assert due - clock() <= timedelta(hours=6)
        clock.time = due
        tries += worker.run_until_idle()
    found = newest(runtime, ada)
    assert found is not None
    assert (found.status, found.unavailable) == ("pending", tries)
    assert 25 < tries < 45
    assert timedelta(days=7) <= clock() - start < timedelta(days=7, hours=7)
    assert findings(runtime) == [("a_tax_id_is_checked_within_a_week", found.id, "warning")]
    register.faults = []
    save(runtime, ada, ID)  # has it asked for again
    worker.run_until_idle()
    answered = newest(runtime, ada)
    assert answered is not None
    assert (answered.id, answered.status) == (found.id, "valid")


def test_many_ids_in_a_day_wait_for_the_next(
    runtime: Runtime, ada: BuyerScope, register: StandIn, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tax_id_check, "QUESTIONS_PER_DAY", 3)
    for _ in range(3):
        for _click in range(4):  # one question each time
            save(runtime, ada, UNKNOWN)
        Worker(runtime).run_until_idle()
        clock.advance(minutes=11)
    save(runtime, ada, ID)
    Worker(runtime).run_until_idle()
    assert len(register.questions) == 3
    clock.advance(days=1)
    Worker(runtime).run_until_idle()
    found = newest(runtime, ada)
    assert found is not None
    assert found.status == "valid"


@pytest.mark.parametrize(
    ("policy", "vat_id", "country"),
    [
        (None, ID, ""),
        (TaxPolicy(), ID, ""),
        (TaxPolicy(check_vat_ids=True), "GB980780684", "GB"),
        (TaxPolicy(check_vat_ids=True), "", "FR"),
    ],
)
def test_nothing_is_asked_that_the_store_does_not_want_or_the_register_cannot_know(
    runtime: Runtime, ada: BuyerScope, policy: TaxPolicy | None, vat_id: str, country: str
) -> None:
    with runtime.database.transaction() as tx:
        stores.set_tax_policy(tx, ada.store_id, policy)
    save(runtime, ada, vat_id, country)
    assert next_due(runtime) is None
    assert newest(runtime, ada, vat_id) is None


def test_nothing_is_asked_any_more_once_the_store_does_not_want_it(runtime: Runtime, ada: BuyerScope, register: StandIn) -> None:
    save(runtime, ada, ID)
    with runtime.database.transaction() as tx:
        stores.set_tax_policy(tx, ada.store_id, TaxPolicy())
    Worker(runtime).run_until_idle()
    assert (register.questions, newest(runtime, ada), next_due(runtime)) == ([], None, None)


def tax_of(runtime: Runtime, subscription_id: str) -> tuple[str, str]:
    with runtime.database.read() as connection:
        row = connection.execute(sa.select(tables.subscription).where(tables.subscription.c.id == subscription_id)).mappings().one()
    return row["tax_rate"], row["tax_reason"]


def mails(folder: Path) -> list[EmailMessage]:
    files = sorted((folder / "mailbox").glob("*.eml"))
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]  # type: ignore[misc]


def test_an_id_that_is_unknown_is_taxed_until_it_is_proved(
    runtime: Runtime, ada: BuyerScope, register: StandIn, clock: SteppingClock, factory: Factory, tmp_path: Path
) -> None:
    subscription = factory.subscription(ada, managed=True, due_at=clock() + timedelta(days=20), **CARD)
    save(runtime, ada, UNKNOWN)
    assert tax_of(runtime, subscription) == ("0", "reverse_charge")  # nobody waits, and nobody is taxed on suspicion
    Worker(runtime).run_until_idle()
    found = newest(runtime, ada, UNKNOWN)
    assert found is not None
    assert (found.status, found.consultation_number) == ("invalid", "WAPIAAAA00000001")
    assert tax_of(runtime, subscription) == ("22", "standard")
    (told,) = mails(tmp_path)
    assert told["Subject"] == f"Please check your tax ID {UNKNOWN}"
    assert "WAPIAAAA00000001" in told.get_body(("plain",)).get_content()
    clock.advance(minutes=11)
    save(runtime, ada, UNKNOWN)
    Worker(runtime).run_until_idle()
    assert len(register.questions) == 2
    assert len(mails(tmp_path)) == 1  # that is no news
    clock.advance(minutes=11)
    register.registered[UNKNOWN] = ("Esempio SRL", "---")
    register.faults = ["MS_UNAVAILABLE"]
    save(runtime, ada, UNKNOWN)
    Worker(runtime).run_until_idle()
    assert tax_of(runtime, subscription) == ("22", "standard")  # asking again is no answer
    clock.advance(minutes=2)
    Worker(runtime).run_until_idle()
    assert tax_of(runtime, subscription) == ("0", "reverse_charge")


def test_who_shows_one_unknown_id_after_another_is_believed_no_more_before_the_register_has_answered(
    runtime: Runtime, ada: BuyerScope, register: StandIn, clock: SteppingClock, factory: Factory
) -> None:
    subscription = factory.subscription(ada, managed=True, due_at=clock() + timedelta(days=20), **CARD)
    for nth, vat_id in enumerate(("ATU10223006", "DK13585628", UNKNOWN), 1):
        save(runtime, ada, vat_id)
        assert tax_of(runtime, subscription) == ("0", "reverse_charge")
        Worker(runtime).run_until_idle()
        assert len(register.questions) == nth
    save(runtime, ada, ID)
    assert tax_of(runtime, subscription) == ("20", "standard")
    Worker(runtime).run_until_idle()
    assert tax_of(runtime, subscription) == ("0", "reverse_charge")


def test_an_id_that_was_changed_since_is_not_asked_about(runtime: Runtime, ada: BuyerScope, register: StandIn) -> None:
    save(runtime, ada, UNKNOWN)
    save(runtime, ada, ID)
    Worker(runtime).run_until_idle()
    assert [question["vatNumber"] for question in register.questions] == [ID[2:]]
    assert newest(runtime, ada, UNKNOWN) is None
    assert next_due(runtime) is None


def test_an_id_that_an_invoice_may_name_is_asked_about_even_if_it_was_replaced(
    runtime: Runtime, ada: BuyerScope, register: StandIn, clock: SteppingClock, factory: Factory
) -> None:
    """Else a made-up one would only have to be there for the moment of the purchase."""
    save(runtime, ada, UNKNOWN)
    clock.advance(seconds=1)
    factory.document(ada, factory.payment(ada, factory.order(ada)), issued_at=clock())
    save(runtime, ada, ID)
    Worker(runtime).run_until_idle()
    found = newest(runtime, ada, UNKNOWN)
    assert found is not None
    assert found.status == "invalid"
    assert newest(runtime, ada, ID) is not None


def test_an_id_that_never_had_an_answer_is_nobodys_concern_once_it_is_replaced(
    runtime: Runtime, ada: BuyerScope, register: StandIn, clock: SteppingClock
) -> None:
    register.faults = ["MS_UNAVAILABLE"]
    save(runtime, ada, UNKNOWN)
    Worker(runtime).run_until_idle()
    clock.advance(days=8)
    assert len(findings(runtime)) == 1
    save(runtime, ada, "", "IT")
    assert findings(runtime) == []
    Worker(runtime).run_until_idle()
    assert len(register.questions) == 1


def test_an_answer_about_an_id_that_was_changed_meanwhile_changes_nothing(
    runtime: Runtime, ada: BuyerScope, factory: Factory, clock: SteppingClock, tmp_path: Path
) -> None:
    class Slow:
        def ask(self, vat_id: str, *, asked_by: str = "") -> VatAnswer:
            if vat_id == UNKNOWN:
                save(runtime, ada, ID)
            return VatAnswer(vat_id == ID)

    subscription = factory.subscription(ada, managed=True, due_at=clock() + timedelta(days=20), **CARD)
    save(runtime, ada, UNKNOWN)
    Worker(replace(runtime, vat_register=Slow())).run_until_idle()
    found = newest(runtime, ada, ID)
    assert found is not None
    assert found.status == "valid"
    assert newest(runtime, ada, UNKNOWN) is None
    assert tax_of(runtime, subscription) == ("0", "reverse_charge")
    assert mails(tmp_path) == []


def test_the_page_gets_what_is_known_of_the_id_that_is_saved(runtime: Runtime, ada: BuyerScope) -> None:
    save(runtime, ada, ID)
    with runtime.database.read() as connection:
        store = stores.get(connection, ada.store_id)
    detail, _ = billing_detail.read(runtime, ada)
    found = tax_id_check.of_detail(runtime, store, ada, detail)
    assert found is not None
    assert found.tax_id == ID
    assert tax_id_check.of_detail(runtime, store, ada, replace(detail, tax_id=OTHER, country="AT")) is None
    assert tax_id_check.of_detail(runtime, replace(store, tax_policy=TaxPolicy()), ada, detail) is None


class Hanging:
    """A register that takes its time over every question."""

    def __init__(self) -> None:
        self.asked, self.over = threading.Semaphore(0), threading.Event()

    def ask(self, vat_id: str, *, asked_by: str = "") -> VatAnswer:
        self.asked.release()
        self.over.wait(20)
        raise Unanswered("VIES: ReadTimeout")


def test_a_register_that_hangs_holds_up_no_other_work(runtime: Runtime, factory: Factory, scope: StoreScope, ada: BuyerScope) -> None:
    for number in range(5):
        save(runtime, factory.buyer(scope, email=f"b{number}@example.com"), ID)
    hanging = Hanging()
    worker = Worker(replace(runtime, vat_register=hanging))
    worker.start()
    try:
        assert hanging.asked.acquire(timeout=20)
        deadline = time.monotonic() + 20
        while due_in_bulk(runtime) <= runtime.clock():  # the housekeeping of today; when it is over, that of tomorrow is planned
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        hanging.over.set()
        worker.stop()


def due_in_bulk(runtime: Runtime) -> datetime:
    with runtime.database.read() as connection:
        return next(state.oldest_due_at for state in outbox.waiting(connection) if state.lane == "bulk")
