"""Details that an invoice is corrected to, a store that taxes by a table, and what tests of corrections ask again and again."""

from typing import Literal

import pytest

from portico.domain.errors import Refused
from portico.domain.invoice import Document, DocumentContent, content_of
from portico.domain.payment import Payment
from portico.domain.tax import TaxPolicy
from portico.domain.tax_table import starting_set
from portico.services import correction, store_time
from portico.services.correction import Corrected, Preview
from portico.storage import document as documents
from portico.storage import store as stores
from portico.storage import tax_id_check, tax_rate
from tests.services.shop import Shop

BERLIN = {"country": "DE", "name": "Ada Byron", "line1": "Ring 1", "postal_code": "10969", "city": "Berlin"}
VIENNA = {"country": "AT", "name": "Ada Byron", "is_business": "1", "business_name": "Byron OG", "tax_id": "ATU13585627"}
REFUNDS_TAX = TaxPolicy(refund_tax=True)


def of_payment(shop: Shop, payment: Payment) -> list[Document]:
    """Its documents with their contents, oldest first."""
    with shop.runtime.database.read() as connection:
        found = documents.of_payment(connection, shop.ada, payment.id)
        return [documents.get(connection, shop.ada, each.id) for each in reversed(found)]


def newest(shop: Shop, payment: Payment) -> Document:
    with shop.runtime.database.read() as connection:
        return documents.newest_invoice(connection, shop.ada, payment.id)


def correct(shop: Shop, payment: Payment, form: dict[str, str], *, keep: bool = False, shown: Preview | None = None) -> Corrected:
    return correction.correct(shop.runtime, shop.ada, newest(shop, payment).id, form, keep=keep, shown=shown)


def made(shop: Shop, done: Corrected) -> tuple[DocumentContent, DocumentContent]:
    """The credit note and the new invoice."""
    with shop.runtime.database.read() as connection:
        note, new = (documents.get(connection, shop.ada, str(one)) for one in (done.credit_note_id, done.invoice_id))
    return content_of(note), content_of(new)


def adopt(shop: Shop, policy: TaxPolicy) -> None:
    """The store taxes by the table of a German store."""
    with shop.runtime.database.transaction() as tx:
        stores.set_tax_policy(tx, shop.store.store_id, policy)
        tax_rate.replace(tx, shop.store.store_id, starting_set("DE"))


def register(shop: Shop, vat_id: str, answer: Literal["valid", "invalid"]) -> None:
    """VIES was asked, and says so."""
    with shop.runtime.database.transaction() as tx:
        tax_id_check.create(tx, shop.ada, f"TIC_{vat_id}", vat_id, shop.clock())
        tax_id_check.answered(tx, shop.ada, f"TIC_{vat_id}", answer, now=shop.clock())


def refusal(shop: Shop, found: Document) -> str | None:
    with shop.runtime.database.read() as connection:
        store = stores.get(connection, shop.store.store_id)
        now = store_time.now(shop.runtime, store, "prod")
        of_payment = documents.of_payment(connection, shop.ada, found.payment_id) if found.payment_id else ()
        reason = correction.why_not(connection, shop.ada, found, of_payment, now)
    if reason is not None:
        with pytest.raises(Refused) as refused:
            correction.preview(shop.runtime, shop.ada, found.id, BERLIN)
        assert refused.value.code == reason
    return reason


def tax_refund(shop: Shop, payment: Payment) -> str:
    done = correct(shop, payment, VIENNA)
    assert done.credit_note_id is done.invoice_id is None
    return str(done.refund_id)
