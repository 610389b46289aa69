"""What the pages about documents get, made up: corrections, e-invoices, tax of every kind, and many documents at once."""

from dataclasses import replace
from functools import partial
from typing import Any

from portico.domain.billing_detail import BillingDetail, countries
from portico.domain.invoice import Document, DocumentContent, content_of
from portico.domain.tax import TaxLine
from portico.i18n.format import formats
from portico.i18n.languages import LANGUAGES
from portico.services.correction import Preview, WhatOfTax
from portico.services.document_print import print_data
from portico.storage.pack import Pack
from portico.web.portal.chain import chain_of
from portico.web.portal.changes import changes
from portico.web.portal.pack import shown, years
from tests.web.samples import DAY, DETAIL, NOW, SELLER, Page, an_id, billing_form, content, document

# The pages that a browser looks at; the others are laid out like one of these.
DISTINCT = (
    "invoice_replaced", "invoice_corrected", "invoice_untaxed", "invoice_correct_wrong", "invoice_review_refund", "invoice_review_moved",
    "pack", "pack_wrong", "pack_waiting", "pack_ready", "pack_failed",
)  # fmt: skip
MOVED = replace(
    DETAIL,
    business_name="Lovelace Rechenmaschinen Aktiengesellschaft für Analytik und Maschinenbau mbH & Co. KG",
    line1="Maria-Theresien-Straße 18",
    city="Innsbruck",
    postal_code="6020",
    country="AT",
    tax_id="ATU48213703",
    po_number="4500017823",
)
REVERSE_CHARGE = (TaxLine("0", "reverse_charge", 5400, 0, "AT"),)
STATUTE = "Steuerschuldnerschaft des Leistungsempfängers"


def preview(tax: WhatOfTax = "same", refund_minor: int = 0, *, waits_for_register: bool = False) -> Preview:
    detail = content_of(FIRST).billing_detail
    return Preview(FIRST, detail, ("tax_id",), 6126, tax, refund_minor, waits_for_register=waits_for_register)


def numbered(number: int, kind: Any = "invoice", **more: Any) -> Document:
    drawn_up: DocumentContent = content(kind)
    made = document(number, kind, **more)
    return replace(made, content=replace(drawn_up, number=made.number))


FIRST = numbered(6)
RECEIPT = numbered(7, "receipt")
CANCELING = numbered(5, "credit_note", corrects_id=FIRST.id)
SECOND = numbered(4, corrects_id=FIRST.id)
REFUND = numbered(3, "credit_note", corrects_id=SECOND.id, refund_id=an_id("REF", 1), total_minor=1240)
OF_PAYMENT = (REFUND, SECOND, CANCELING, RECEIPT, FIRST)


def invoice(page: Page, of: Document, **more: Any) -> tuple[str, Page, dict[str, Any]]:
    assert of.content
    given: dict[str, Any] = {
        "document": of,
        "paper": print_data(of.content, page.language, breaks_words=False),
        "chain": chain_of(of, OF_PAYMENT),
        "changes": (),
        "languages": LANGUAGES,
        "pdf_url": f"{page.base}/invoices/{of.id}.pdf",
        "why_not_correct": None,
        "has_xml": True,
        "why_no_xml": "",
        "statements": (),
        "copy_emails": ("books@lovelace.example", "a.person.with.a.very.long.name.and.no.breaks.in.it.at.all.01@example.com"),
        "done": "",
    }
    return "invoice.html", page, {**given, **more}


def invoice_pages(page: Page) -> dict[str, tuple[str, Page, dict[str, Any]]]:
    show = partial(invoice, page)
    assert SECOND.content
    taxed = replace(SECOND.content, taxes=REVERSE_CHARGE, tax_minor=0, total_minor=5400, billing_detail=MOVED)
    return {
        "invoice_replaced": show(FIRST, why_not_correct="corrected_already"),
        "invoice_corrected": show(
            replace(SECOND, content=taxed),
            changes=changes(page.language, DETAIL, MOVED),
            statements=(STATUTE, "Reverse charge"),
            done="Done. This is your corrected invoice.",
        ),
        "credit_note_canceling": show(CANCELING, why_not_correct="not_an_invoice"),
        "credit_note_refund": show(REFUND, why_not_correct="not_an_invoice", copy_emails=()),
        "receipt": show(RECEIPT, why_not_correct="not_an_invoice", has_xml=False),
        "invoice_untaxed": show(
            replace(SECOND, content=replace(SECOND.content, seller=replace(SELLER, tax_id=""), billing_detail=BillingDetail(country="US"))),
            has_xml=False,
            why_no_xml="The seller has no tax ID, and an e-invoice needs one.",
            why_not_correct="correction_limit",
        ),
    }


def correction_pages(page: Page) -> dict[str, tuple[str, Page, dict[str, Any]]]:
    form = billing_form(page.language)
    form = {name: form[name] for name in ("values", "fields", "countries", "errors")}
    wrong = {"tax_id": "This looks like a tax ID of another country (Austria).", "form": "Something changed."}
    told = changes(page.language, DETAIL, MOVED)

    def review(found: Preview, **more: Any) -> tuple[str, Page, dict[str, Any]]:
        return "invoice_review.html", page, {"preview": found, "changes": told, "sealed": "a.b", "keep": True, "moved": "", **more}

    new = {"values": {}, "fields": form["fields"][:1], "countries": formats(page.language).countries(countries()), "errors": {}}
    return {
        "invoice_correct": ("invoice_correct.html", page, {"document": FIRST, **form}),
        "invoice_correct_wrong": ("invoice_correct.html", page, {"document": FIRST, **form, "errors": wrong}),
        "invoice_correct_new": ("invoice_correct.html", page, {"document": FIRST, **new}),
        "invoice_review": review(preview()),
        "invoice_review_refund": review(preview("refund", 726), keep=False),
        "invoice_review_moved": review(preview("next_charge"), moved="Something changed since you saw this."),
        "invoice_review_waits": review(preview("next_charge", waits_for_register=True)),
    }


def pack_pages(page: Page) -> dict[str, tuple[str, Page, dict[str, Any]]]:
    first, last = (NOW - 500 * DAY).date(), NOW.date()
    waiting = Pack(an_id("PCK", 1), first, last, "pending", 1200, 300, None, None, NOW, None, NOW + DAY)
    ready = replace(waiting, id=an_id("PCK", 2), status="ready", done=1200, size_bytes=48_312_000, ready_at=NOW)
    small = replace(ready, id=an_id("PCK", 4), total=1, done=1, size_bytes=61_200, first_day=last)
    failed = replace(waiting, id=an_id("PCK", 3), status="failed")
    tell = partial(shown, now=NOW)

    def choose(**more: Any) -> tuple[str, Page, dict[str, Any]]:
        given: dict[str, Any] = {
            "years": years(first, last), "earliest": first.isoformat(), "latest": last.isoformat(), "packs": [], "values": {}, "errors": {},
        }  # fmt: skip
        return "pack.html", page, {**given, **more}

    def progress(pack: Pack) -> tuple[str, Page, dict[str, Any]]:
        return "pack_progress.html", page, {"pack": tell(pack), "said": "300 of 1,200 documents"}

    wrong = {"first_day": "Please choose a day. It is written like 2026-11-20.", "form": "There are no documents in this period."}
    return {
        "pack": choose(packs=[tell(pack) for pack in (waiting, ready, small, failed)]),
        "pack_wrong": choose(values={"first_day": "20.11.", "last_day": "2026-11-20"}, errors=wrong),
        "pack_empty": choose(years=(), earliest="", latest=""),
        "pack_waiting": progress(waiting),
        "pack_ready": progress(ready),
        "pack_expired": progress(replace(ready, expires_at=NOW)),
        "pack_failed": progress(failed),
    }


def pages(page: Page) -> dict[str, tuple[str, Page, dict[str, Any]]]:
    """name -> (template, page, variables), as in samples.pages."""
    return {**invoice_pages(page), **correction_pages(page), **pack_pages(page)}
