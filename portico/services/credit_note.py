"""Credit notes that are missing: earlier versions issued none for a refund that an import brought, though the invoice was from here."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

import sqlalchemy as sa

from portico.domain.invoice import Document
from portico.domain.scope import BuyerScope, StoreScope
from portico.services import store_time
from portico.services.document import Credit, documents_for_refunds
from portico.services.runtime import Runtime
from portico.storage import audit, document, numbering
from portico.storage import buyer as buyers
from portico.storage import payment as payments
from portico.storage import refund as refunds
from portico.storage import store as stores


def issue_missing(runtime: Runtime) -> int:
    """Issues the missing ones of every store, dated today, for the periods that they belong to may be filed; each says when the money
    went back. How many; called again, none. Nobody is mailed and no webhook sent, as for all that an import brings."""
    with runtime.database.read() as connection:
        wanted = refunds.uncredited_any(connection)
    return sum(_issue(runtime, scope, payment_id) for scope, payment_id in wanted)


def _issue(runtime: Runtime, scope: BuyerScope, payment_id: str) -> int:
    with runtime.database.transaction() as tx:
        payments.lock(tx, scope, payment_id)
        credited = _credits(tx, runtime, scope, payment_id)
        of_store = StoreScope(scope.store_id, scope.environment)
        issues = documents_for_refunds(of_store, credited, reserve=partial(numbering.reserve, tx, of_store), new_id=runtime.new_id)
        document.insert(tx, issues)
        for issue in issues:
            audit.record(tx, scope, actor="operator", action="refund.credited", subject=issue.document.refund_id or "", now=runtime.clock())
    return len(issues)


def _credits(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, payment_id: str) -> list[Credit]:
    """In the order in which the refunds were kept, which is that in which they counted: parts sum to the tax of the whole."""
    paid, who, issued = payments.get(tx, scope, payment_id), buyers.get(tx, scope), document.of_payment(tx, scope, payment_id)
    now = store_time.now(runtime, stores.get(tx, scope.store_id), scope.environment)
    noted, open_minor, before_minor = {each.refund_id for each in issued}, _open(issued), 0
    credited: list[Credit] = []
    for refund in sorted((each for each in paid.refunds if each.status == "succeeded"), key=lambda each: each.id):
        if refund.key is None and refund.id not in noted:
            corrected_id = next(each for each, minor in open_minor.items() if minor >= refund.amount_minor)
            open_minor[corrected_id] -= refund.amount_minor
            corrected = document.get(tx, scope, corrected_id)
            credited.append(
                Credit(
                    who.id, who.locale, corrected, paid, refund.id, refund.amount_minor, before_minor, refund.created_at, now,
                )
            )  # fmt: skip
        before_minor += refund.amount_minor
    return credited


def _open(issued: Sequence[Document]) -> dict[str, int]:
    """What is left of each invoice, oldest first. Of one that was replaced, that is what had gone back by then without a credit note:
    the correction left it out."""
    invoices = sorted((each for each in issued if each.kind == "invoice"), key=lambda each: (each.corrects_id is not None, each.id))
    credited = Counter[str]()
    for note in issued:
        if note.kind == "credit_note":
            credited[note.corrects_id or invoices[0].id] += note.total_minor
    return {each.id: each.total_minor - credited[each.id] for each in invoices}
