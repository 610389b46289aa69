"""Correct whom an issued invoice is made out to, any number of times: what it would mean, and the correction itself.

The invoice is cancelled by a credit note over what is left of it and replaced by a new one, both in one transaction; amounts stay.
Where the new details show that the tax was never due, the store's policy decides whether it goes back. Then that is a refund first,
and both documents are issued in the transaction in which the provider confirms it (`refund.settle`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa

from portico.domain import billing_detail as details
from portico.domain import copy_emails, place_of_supply, tax_id
from portico.domain import correction as rules
from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import Conflict, FieldError, Invalid, Refused
from portico.domain.invoice import Document, content_of, part_of
from portico.domain.order import Order
from portico.domain.payment import Payment
from portico.domain.refund import charge_reference
from portico.domain.scope import BuyerScope
from portico.domain.tax import UNTAXED_REASONS, Taxation, parse_rate
from portico.services import billing_detail, document, marks, notice, refund, store_time, taxation
from portico.services import tax_id_check as register
from portico.services.refund import TaxCorrection
from portico.services.runtime import Runtime
from portico.storage import audit, buyer, order, payment, tax_id_check
from portico.storage import document as documents
from portico.storage import refund as refunds
from portico.storage import store as stores
from portico.storage import subscription as subscriptions
from portico.storage.store import StoreRow

WhatOfTax = Literal["same", "refund", "next_charge"]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a correction of `original` to `detail` would do; `differing` are the printed details that are others than before.

    `amount_minor` is what is left of the invoice and credited, tax included. The new invoice is about the same, less `refund_minor`
    where `tax` is "refund": that goes back. "next_charge": the tax was not due, and stays as it is; the details count from then on.
    `waits_for_register`: it would go back if the EU's register had confirmed the id. `restated`: why there is no tax with these details,
    where that is another reason, or another country's, than the old invoice says.
    """

    original: Document
    detail: BillingDetail
    differing: tuple[str, ...]
    amount_minor: int
    tax: WhatOfTax
    refund_minor: int
    undue: Taxation | None = None
    waits_for_register: bool = False
    restated: Taxation | None = None


@dataclass(frozen=True, slots=True)
class Corrected:
    """The documents that were issued; or, where tax goes back first, the refund that they wait for."""

    credit_note_id: str | None
    invoice_id: str | None
    refund_id: str | None


@dataclass(frozen=True, slots=True)
class _Case:
    """An invoice that can be corrected, with all that decides what that means. `country_then` is the buyer's on the payment's first
    invoice: what an earlier correction made of it proves nothing."""

    store: StoreRow
    invoice: Document
    payment: Payment
    order: Order
    country_then: str


def why_not(tx: sa.Connection, scope: BuyerScope, found: Document, of_payment: Sequence[Document], now: datetime) -> str | None:
    """The code of the reason why a document cannot be corrected at `now`, the store's time; None when it can. `of_payment` are all
    documents of its payment."""
    if found.kind != "invoice" or found.payment_id is None:
        return "not_an_invoice"
    return rules.why_not(found, of_payment, payment.get(tx, scope, found.payment_id), corrections_today=_today(tx, scope, now))


def preview(runtime: Runtime, scope: BuyerScope, document_id: str, raw: Mapping[str, str], *, language: str = "en") -> Preview:
    """What correcting an invoice to what a form holds would do; nothing is written.

    Raises NotFound, Refused with the code of `why_not`, and Invalid with every error at once, its examples for a reader of
    `language`. Who gets copies is no detail of an invoice: the form's are passed over.
    """
    with runtime.database.read() as connection:
        case = _case(connection, runtime, scope, document_id)
        detail = details.validate({name: text for name, text in raw.items() if name != copy_emails.FIELD}, language=language)
        return _preview(connection, runtime, scope, case, detail)


def correct(
    runtime: Runtime, scope: BuyerScope, document_id: str, raw: Mapping[str, str], *, keep: bool, shown: Preview | None = None
) -> Corrected:
    """Corrects an invoice: issues both documents, or has the tax given back that they wait for. The order keeps the new details too,
    and with `keep` so does the buyer's profile, copy addresses aside.

    `shown` is what the buyer agreed to, the state of now by default. Raises what `preview` raises, Refused("nothing_to_correct") for
    the details that it has, and Conflict when somebody else corrected it, or anything else about it moved meanwhile.
    """
    agreed = shown or preview(runtime, scope, document_id, raw)
    if not agreed.differing and agreed.tax != "refund":
        raise Refused("nothing_to_correct")
    with runtime.database.transaction() as tx:
        buyer.lock(tx, scope)  # so that two at once, of two invoices, are counted one after the other
        if keep:
            _keep(tx, runtime, scope, agreed.detail)
        try:
            case = _case(tx, runtime, scope, document_id, lock=True)
        except Refused as moved:
            raise Conflict(moved.code) from moved
        if _preview(tx, runtime, scope, case, agreed.detail) != agreed:
            raise Conflict("what is left of the invoice, or its tax, is not what was shown")
        if agreed.waits_for_register:
            register.ask_also(tx, runtime, case.store, scope, agreed.detail)
        done = _issue(tx, runtime, scope, case, agreed) if agreed.undue is None else _give_tax_back(tx, runtime, scope, case, agreed)
        marks.here("correcting")
    marks.here("corrected")
    return done


def _case(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, document_id: str, *, lock: bool = False) -> _Case:
    found = documents.get(tx, scope, document_id)
    if found.payment_id is None:
        raise Refused("not_an_invoice")
    if lock:
        carried = payment.get(tx, scope, found.payment_id).subscription_id
        if carried is not None:  # a change of plan gives tax back, too, by what it finds here
            subscriptions.lock(tx, scope, carried)
        payment.lock(tx, scope, found.payment_id)
    paid, store = payment.get(tx, scope, found.payment_id), stores.get(tx, scope.store_id)
    of_payment, now = documents.of_payment(tx, scope, paid.id), store_time.now(runtime, store, scope.environment)
    refusal = rules.why_not(found, of_payment, paid, corrections_today=_today(tx, scope, now))
    if refusal is not None:
        raise Refused(refusal)
    first = next((other for other in of_payment if other.kind == "invoice" and other.corrects_id is None), found)
    issued = found if first.id == found.id else documents.get(tx, scope, first.id)
    return _Case(store, found, paid, order.with_buyer(tx, scope, found.order_id)[0], content_of(issued).billing_detail.country)


def _today(tx: sa.Connection, scope: BuyerScope, now: datetime) -> int:
    return documents.corrections_since(tx, scope, now - rules.LIMIT_WINDOW)


def _preview(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, case: _Case, detail: BillingDetail) -> Preview:
    content, left_minor = content_of(case.invoice), rules.left_minor(case.payment)
    _hold_untaxed(tx, scope, case, detail)
    told = Preview(
        original=case.invoice,
        detail=detail,
        differing=rules.differing(content.billing_detail, detail),
        amount_minor=left_minor,
        tax="same",
        refund_minor=0,
        restated=_restated(tx, scope, case, detail),
    )
    tax_minor = part_of(content, case.payment, left_minor, before_minor=case.payment.refunded_minor).tax_minor
    undue = _undue(tx, scope, case, detail) if tax_minor > 0 else None
    if undue is None:
        return told
    if not _goes_back(tx, runtime, scope, case, detail):
        return replace(told, tax="next_charge", waits_for_register=_waits_for_register(tx, runtime, scope, case, detail))
    if any(given.status == "pending" for given in case.payment.refunds):
        raise Refused("refund_under_way")
    return replace(told, tax="refund", refund_minor=tax_minor, undue=undue)


def _hold_untaxed(tx: sa.Connection, scope: BuyerScope, case: _Case, detail: BillingDetail) -> None:
    """An invoice without tax stays one that is right to have none: a correction charges nothing, so it must not be made out to somebody
    who would have paid tax. Else an id shown once, or given a refund of tax for, could be taken off again. Raises Invalid.
    """
    content = content_of(case.invoice)
    before, is_business = content.billing_detail, place_of_supply.is_registered_business(detail)
    if not any(tax.reason in UNTAXED_REASONS and tax.base_minor >= 0 for tax in content.taxes):
        return
    owed_by_buyer = _is_untaxed_for_an_id(case) and place_of_supply.is_registered_business(before)
    if owed_by_buyer and not is_business:
        raise Invalid([FieldError("tax_id", "required", tax_id.example(detail.country))])
    if _is_taxed(_decided(tx, scope, case, detail)) and not _is_taxed(_decided(tx, scope, case, before)):
        raise Invalid([FieldError("tax_id" if owed_by_buyer and detail.tax_id != before.tax_id else "country", "tax_is_due")])


def _is_untaxed_for_an_id(case: _Case) -> bool:
    """Whether the buyer's id is why there is no tax: by the invoice, when it was charged, or because the tax went back for it. Somewhere
    abroad that is forgotten by the invoice, and not here."""
    charged = {tax.reason for tax in case.payment.taxes} or {case.order.tax_reason}
    went_back = any(given.purpose == "tax" and given.status == "succeeded" for given in case.payment.refunds)
    return went_back or "reverse_charge" in charged | {tax.reason for tax in content_of(case.invoice).taxes}


def _restated(tx: sa.Connection, scope: BuyerScope, case: _Case, detail: BillingDetail) -> Taxation | None:
    """Why a sale without tax has none with the new details, where they make a difference: that the buyer owes the tax has to be said of
    a business of the union (Directive 2006/112/EC art. 226 (11a)), and of no American one."""
    content = content_of(case.invoice)
    reasons = {tax.reason for tax in content.taxes}
    if len(reasons) != 1 or not reasons <= {*UNTAXED_REASONS}:
        return None
    before, after = (_decided(tx, scope, case, each) for each in (content.billing_detail, detail))
    if after is None or after == before or _is_taxed(after):
        return None
    # What was brought in untaxed, and is taxed by the table, is untaxed for a reason that nobody here knows. Only an id may have expired.
    return None if (before is None or _is_taxed(before)) and reasons != {"reverse_charge"} else after


def _undue(tx: sa.Connection, scope: BuyerScope, case: _Case, detail: BillingDetail) -> Taxation | None:
    """How the sale should have been taxed when it was made, if a tax id shows that it should not have been.

    An id alone shows it where the business owes the tax itself; elsewhere only if the country is the one that was given then, for
    where a consumer was is not what he says of it later.
    """
    if not place_of_supply.is_registered_business(detail):
        return None
    decided = _decided(tx, scope, case, detail)
    if decided is None or _is_taxed(decided):
        return None
    return decided if decided.reason == "reverse_charge" or detail.country == case.country_then else None


def _decided(tx: sa.Connection, scope: BuyerScope, case: _Case, detail: BillingDetail) -> Taxation | None:
    """How the sale would have been taxed with these details on the day of the supply; None where the table says nothing."""
    content, changed = content_of(case.invoice), case.payment.change
    sold = changed.product_id if changed else case.order.product_id
    on = content.supplied_at.astimezone(ZoneInfo(content.time_zone)).date()
    return taxation.of_sale(tx, case.store, scope, detail, sold, on)


def _is_taxed(decided: Taxation | None) -> bool:
    return decided is not None and decided.reason not in UNTAXED_REASONS


def _goes_back(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, case: _Case, detail: BillingDetail) -> bool:
    """Whether undue tax is paid back: the store wants it, the money was taken here, and where ids are looked up this one was found."""
    policy = case.store.tax_policy
    if policy is None or not _can_go_back(tx, runtime, scope, case):
        return False
    if not policy.check_vat_ids:
        return True
    if tax_id.is_in_vies(detail.country, detail.tax_id):
        return tax_id_check.is_confirmed(tx, scope, detail.tax_id)
    return detail.country == case.country_then  # nobody can be asked: then where the buyer is must not be news as well


def _can_go_back(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, case: _Case) -> bool:
    policy = case.store.tax_policy
    is_wanted = policy is not None and policy.refund_tax
    is_possible = scope.environment in runtime.gateways and charge_reference(case.payment) is not None
    return is_wanted and is_possible and case.payment.disputed_at is None and not _is_credited(tx, scope, case.payment)


def _is_credited(tx: sa.Connection, scope: BuyerScope, paid: Payment) -> bool:
    """Whether a change of plan since has credited time that this paid for, with its tax, so that the tax would go back twice. Where the
    tax of that change went back, its credit's did not: who owes none of both gets both back, the newer first."""
    until = paid.change.period_end if paid.change else paid.period_end
    since = payment.of_orders(tx, scope, [paid.order_id]).get(paid.order_id, ())
    changes = [
        other
        for other in since
        if other.change is not None and other.status in ("pending", "unknown", "succeeded")
        if other.id != paid.id
        and other.created_at >= (paid.succeeded_at or paid.created_at)
        and (until is None or other.created_at < until)
        if any(line.kind == "credit" and parse_rate(line.tax_rate) > 0 for line in other.lines)
    ]
    return any(
        not any(given.purpose == "tax" and given.status == "succeeded" for given in other.refunds)
        for other in payment.with_details(tx, scope, changes)
    )


def _waits_for_register(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, case: _Case, detail: BillingDetail) -> bool:
    policy = case.store.tax_policy
    if policy is None or not policy.check_vat_ids or runtime.vat_register is None or not _can_go_back(tx, runtime, scope, case):
        return False
    if not tax_id.is_in_vies(detail.country, detail.tax_id):
        return False
    return not (tax_id_check.is_confirmed(tx, scope, detail.tax_id) or tax_id_check.is_refused(tx, scope, detail.tax_id))


def _keep(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, detail: BillingDetail) -> None:
    own, version = buyer.billing_detail(tx, scope)
    wanted = replace(detail, copy_emails=own.copy_emails)
    if wanted != own:
        billing_detail.keep(tx, runtime, scope, wanted, version)


def _issue(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, case: _Case, agreed: Preview) -> Corrected:
    now, paid = store_time.now(runtime, case.store, scope.environment), case.payment
    order.set_billing_detail(tx, scope, case.order.id, agreed.detail)
    notice.add(tx, runtime, scope, "invoice_corrected", case.invoice.id, now=now, payment_id=paid.id)
    audit.record(tx, scope, actor="buyer", action="invoice.corrected", subject=case.invoice.id, now=runtime.clock())
    credit_note_id, invoice_id = document.issue_correction(
        tx, runtime, scope, case.invoice, paid,
        billing_detail=agreed.detail, before_minor=paid.refunded_minor, now=now, seller=case.store, restated=agreed.restated,
    )  # fmt: skip
    return Corrected(credit_note_id, invoice_id, None)


def _give_tax_back(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, case: _Case, agreed: Preview) -> Corrected:
    if agreed.undue is None:
        raise ValueError("the tax was due")
    refund_id = runtime.new_id("REF")
    wanted = TaxCorrection(case.invoice.id, agreed.detail, agreed.undue)
    if not refunds.start(
        tx, scope, refund_id, payment_id=case.payment.id, amount_minor=agreed.refund_minor, reason="", key=refund_id,
        now=store_time.now(runtime, case.store, scope.environment), purpose="tax", correction=msgspec.to_builtins(wanted),
    ):  # fmt: skip
        raise Conflict("less than that is left of the payment")
    refund.add_job(tx, runtime, refund_id, first=True)
    audit.record(tx, scope, actor="buyer", action="invoice.correction_asked", subject=case.invoice.id, now=runtime.clock())
    return Corrected(None, None, refund_id)
