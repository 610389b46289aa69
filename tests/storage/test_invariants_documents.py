"""The rules of corrections, of money and tax that went back, and of packs are silent about sound data, and speak when a row breaks
them."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.domain import invoice
from portico.services import check
from portico.storage import document, pack, tables
from portico.storage.database import Database
from tests.conftest import NOW
from tests.factories import Factory

Break = Callable[[sa.Connection, "World"], object]
DAY = timedelta(days=1)


class World:
    """A buyer with three payments: of `paid` a part was given back, then its invoice was corrected twice, and one more part given
    back; of `untaxed` the tax was given back; `imported` was refunded elsewhere before it was corrected. And a pack."""

    def __init__(self, database: Database, factory: Factory) -> None:
        self.factory, self.buyer = factory, factory.buyer()
        self.paid = self._pay(refunded_minor=1000)
        self.refund = self._refund(self.paid)
        factory.correction(self.buyer, self.paid)
        _, self.third = factory.correction(self.buyer, self.paid, issued_at=NOW + DAY)
        with database.transaction() as tx:
            tx.execute(sa.update(tables.payment).where(tables.payment.c.id == self.paid).values(refunded_minor=1500))
        self._refund(self.paid, before_minor=1000, amount_minor=500, key="REF-2", created_at=NOW + DAY)
        self.untaxed = self._pay(refunded_minor=551)
        with database.read() as tx:
            self.taxed = document.newest_invoice(tx, self.buyer, self.untaxed).id
        self.tax_note, self.tax_invoice = factory.correction(self.buyer, self.untaxed, untaxed_minor=551)
        self.tax_refund = factory.refund(
            self.buyer, self.untaxed, amount_minor=551, key="REF-3", purpose="tax", correction={"document_id": self.taxed}
        )
        self.imported = self._pay(refunded_minor=700, keyed=False)
        self.elsewhere = factory.refund(self.buyer, self.imported, amount_minor=700)
        factory.correction(self.buyer, self.imported)
        with database.transaction() as tx:
            asked = pack.Pack("PCK_1", NOW.date(), NOW.date(), "pending", 2, 0, None, None, NOW, None, NOW + DAY)
            pack.create(tx, self.buyer, asked)
            for sequence in (1, 2):
                pack.add_part(tx, "PCK_1", sequence, b"part")
            pack.ready(tx, "PCK_1", 8, hashlib.sha256(b"partpart").digest(), now=NOW, expires_at=NOW + DAY)

    def _pay(self, *, refunded_minor: int, keyed: bool = True) -> str:
        order_id = self.factory.order(self.buyer, status="partially_refunded")
        payment_id = self.factory.payment(self.buyer, order_id, keyed=keyed, refunded_minor=refunded_minor)
        self.factory.document(self.buyer, payment_id, elsewhere=None if keyed else "RE 2025/0815")
        self.factory.document(self.buyer, payment_id, kind="receipt")
        return payment_id

    def _refund(self, payment_id: str, *, before_minor: int = 0, **columns: Any) -> str:
        refund_id = self.factory.refund(self.buyer, payment_id, **{"key": "REF-1", **columns})
        self.factory.credit_note(self.buyer, payment_id, refund_id, before_minor=before_minor)
        return refund_id


@pytest.fixture
def world(database: Database, factory: Factory) -> World:
    return World(database, factory)


def _set(table: sa.Table, row: str, **values: Any) -> Break:
    return lambda tx, world: tx.execute(sa.update(table).where(table.c.id == getattr(world, row)).values(**values))


def _forge(of: str, **values: Any) -> Break:
    """A document that was never issued: a copy of another with some columns changed."""

    def forge(tx: sa.Connection, world: World) -> None:
        copy = dict(tx.execute(sa.select(tables.document).where(tables.document.c.id == getattr(world, of))).mappings().one())
        changes = {name: getattr(world, value[1:]) if str(value).startswith("@") else value for name, value in values.items()}
        tx.execute(tables.document.insert(), copy | {"id": "INV_9", "series": None, "sequence": None, "number": "X-9"} | changes)

    return forge


def _without_its_note(tx: sa.Connection, world: World) -> None:
    row = dict(tx.execute(sa.select(tables.refund).where(tables.refund.c.id == world.refund)).mappings().one())
    tx.execute(tables.refund.insert(), row | {"id": "REF_9", "key": "REF-9"})


def _without_a_part(tx: sa.Connection, world: World) -> None:
    tx.execute(sa.delete(tables.pack_part).where(tables.pack_part.c.sequence == 1))


# The rule, what it says, and what breaks it. Some breaks touch more than one rule.
BREAKS: list[tuple[str, str, Break]] = [
    ("what_is_paid_has_its_documents", "with 2 of 2", _set(tables.payment, "paid", status="failed", succeeded_at=None)),
    ("a_document_fits_its_payment", "it says 3451 EUR", _set(tables.payment, "paid", net_minor=2901, total_minor=3452)),
    ("a_document_fits_its_payment", "it says 9999 EUR", _forge("third", corrects_id="@third", total_minor=9999)),
    ("documents_sum_to_what_was_kept", "and 1950 was kept", _set(tables.payment, "paid", refunded_minor=1501)),
    ("documents_sum_to_what_was_kept", "are 1000, and 1951", _forge("third", corrects_id="@third", kind="credit_note", total_minor=951)),
    ("what_is_corrected_is_cancelled_and_replaced", "by 0 credit notes and replaced by 1", _forge("third", corrects_id="@third")),
    (
        "what_is_corrected_is_cancelled_and_replaced",
        "by 1 credit notes and replaced by 0",
        _forge("third", corrects_id="@third", kind="credit_note"),
    ),
    ("what_is_corrected_is_cancelled_and_replaced", "which is another payment's", _forge("third", corrects_id="@tax_invoice")),
    ("what_is_corrected_is_cancelled_and_replaced", "no invoice", _forge("third", corrects_id="@tax_note")),
    ("nothing_is_left_of_what_was_replaced", "over 500 of 2451", _forge("third", corrects_id="@third")),
    ("nothing_is_left_of_what_was_replaced", "over 2751 of 3451", _set(tables.refund, "elsewhere", amount_minor=1)),
    ("what_was_given_back_has_its_credit_note", "with 0 credit notes", _without_its_note),
    ("what_was_given_back_has_its_credit_note", "with 0 credit notes", _set(tables.refund, "tax_refund", purpose="money", correction=None)),
    ("what_was_given_back_has_its_credit_note", "it is failed, with 1", _set(tables.refund, "refund", status="failed")),
    ("what_was_given_back_has_its_credit_note", "it says 1000 EUR", _set(tables.refund, "refund", amount_minor=999)),
    ("tax_that_was_given_back_is_corrected", "differ by 551", _set(tables.refund, "tax_refund", amount_minor=550)),
    ("tax_that_was_given_back_is_corrected", "no invoice", _set(tables.refund, "tax_refund", correction={"document_id": "INV_0"})),
    ("tax_that_was_given_back_is_corrected", "no invoice", _set(tables.refund, "refund", purpose="tax", correction={})),
    ("a_pack_has_all_its_parts", "its 1 parts have 4 bytes of 8", _without_a_part),
    (
        "a_pack_has_all_its_parts",
        "its 2 parts have 8 bytes of 9",
        lambda tx, world: tx.execute(sa.update(tables.pack).values(size_bytes=9)),
    ),
]


def test_sound_data_has_no_findings(database: Database, world: World) -> None:
    assert check.run(database, NOW) == []


@pytest.mark.parametrize(("rule", "says", "spoil"), BREAKS, ids=[f"{rule}-{n}" for n, (rule, *_) in enumerate(BREAKS)])
def test_a_rule_sees_what_breaks_it(database: Database, world: World, rule: str, says: str, spoil: Break) -> None:
    with database.transaction() as tx:
        spoil(tx, world)
    found = [finding for finding in check.run(database, NOW) if finding.check == rule]
    assert [finding.detail for finding in found if says in finding.detail], found
    assert {finding.severity for finding in found} == {"error"}


@pytest.mark.parametrize(
    ("says", "is_wrong"), [({}, False), ({"refers_to": "X-8"}, True), ({"refers_to": ""}, True), ({"counterpart": "X-8"}, True)], ids=str
)
def test_a_correction_names_what_it_corrects(database: Database, world: World, says: dict[str, str], is_wrong: bool) -> None:
    with database.transaction() as tx:
        third = document.get(tx, world.buyer, world.third)
        named = {"number": "X-9", "refers_to": third.number, "counterpart": ""} | says
        content = replace(invoice.content_of(third), **named)
        forged = replace(third, id="INV_9", number="X-9", content=content, corrects_id=third.id)
        document.insert(tx, [document.Issue(world.buyer, forged, None, None)])
    found = [finding for finding in check.run(database) if finding.check == "a_document_is_as_it_was_issued"]
    assert [finding.detail for finding in found] == ["it does not name what it corrects"] * is_wrong


def test_an_invoice_prints_the_taxes_that_were_charged(database: Database, world: World) -> None:
    """The first invoice and the receipt, that is: what replaces it may be about less, and taxed otherwise."""
    with database.transaction() as tx:
        taxes = [invoice.content_of(document.get(tx, world.buyer, world.taxed)).taxes[0]]
        chosen = sa.update(tables.payment).where(tables.payment.c.id == world.untaxed)
        tx.execute(chosen.values(taxes=taxes))
    assert check.run(database) == []
    with database.transaction() as tx:
        tx.execute(chosen.values(taxes=[replace(taxes[0], country="AT")]))
    assert [finding.detail for finding in check.run(database)] == ["it prints other taxes than were charged"] * 2


def test_a_pack_is_the_file_that_was_made(database: Database, world: World) -> None:
    with database.transaction() as tx:
        tx.execute(sa.update(tables.pack_part).where(tables.pack_part.c.sequence == 2).values(body=b"trap"))
    assert [(finding.check, finding.subject) for finding in check.run(database)] == [("a_file_is_as_it_was_made", "PCK_1")]
