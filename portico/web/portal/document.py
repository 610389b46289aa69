"""Invoices, receipts and credit notes: the list, one as a page, its files, and copies of it by mail."""

from portico.documents import einvoice
from portico.domain.errors import Refused
from portico.domain.invoice import DOCUMENT_KINDS, DocumentKind, content_of
from portico.http.download import download
from portico.http.response import Response
from portico.i18n import words
from portico.i18n.languages import LANGUAGES, is_language
from portico.services import correction, document_file, document_mail
from portico.services.document_print import print_data, tax_statements
from portico.storage import buyer, document
from portico.web import view
from portico.web.portal import done
from portico.web.portal.chain import chain_of, invoice_first
from portico.web.portal.changes import changes
from portico.web.portal.paging import cursor_of, links
from portico.web.visit import Visit

SEND_FIELDS = frozenset({"to"})
_KINDS: dict[str, DocumentKind] = {kind: kind for kind in DOCUMENT_KINDS}


def invoices(visit: Visit) -> Response:
    """All documents, newest first; `?kind=` keeps those of one kind, `?after=` starts behind a cursor."""
    kind = visit.query.get("kind", "")
    if kind and kind not in _KINDS:
        raise Refused("filter_unknown")
    with visit.runtime.database.read() as tx:
        page = document.page(tx, visit.buyer_scope, kind=_KINDS.get(kind), cursor=cursor_of(visit))
        mine = [one.id for one in page.items if one.kind == "invoice"]
        replaced = document.replaced(tx, visit.buyer_scope, mine) if mine else frozenset[str]()
    to = links(visit, "/invoices", page.next, kind=kind)
    return view.page(
        visit,
        "invoices.html",
        documents=invoice_first(page.items),
        replaced=replaced,
        kind=kind,
        first_url=to.first,
        next_cursor_url=to.following,
    )


def one_invoice(visit: Visit) -> Response:
    """The document as a page: what the PDF in the reader's language prints, from the same strings; and all that can be done with
    it."""
    document_id = visit.id("INV")
    with visit.runtime.database.read() as tx:
        found = document.get(tx, visit.buyer_scope, document_id)
        of_payment = document.of_payment(tx, visit.buyer_scope, found.payment_id) if found.payment_id else ()
        own_detail, _ = buyer.billing_detail(tx, visit.buyer_scope)
        before = document.get(tx, visit.buyer_scope, found.corrects_id) if found.kind == "invoice" and found.corrects_id else None
        why_not_correct = correction.why_not(tx, visit.buyer_scope, found, of_payment, visit.store_now)
    content = content_of(found)
    why_no_xml = einvoice.why_not(content)
    return done.page(
        visit,
        "invoice.html",
        document=found,
        paper=print_data(content, visit.language, breaks_words=False),
        chain=chain_of(found, of_payment),
        changes=changes(visit.language, content_of(before).billing_detail, content.billing_detail) if before else (),
        languages=LANGUAGES,
        pdf_url=visit.url(f"/invoices/{found.id}.pdf"),
        why_not_correct=why_not_correct,
        has_xml=why_no_xml is None,
        why_no_xml=words.einvoice_why_not(visit.language, why_no_xml) if why_no_xml and found.kind != "receipt" else "",
        statements=tax_statements(content, visit.language),
        copy_emails=own_detail.copy_emails,
    )


def pdf(visit: Visit) -> Response:
    """The document as a PDF in its own language, or in the one `?lang=` names."""
    document_id, language = visit.id("INV"), visit.query.get("lang") or None
    if language is not None and not is_language(language):
        raise Refused("language_unknown")
    return download(*document_file.pdf(visit.runtime, visit.buyer_scope, document_id, language), "application/pdf")


def xml(visit: Visit) -> Response:
    """The document as an e-invoice: in the syntax CII, as it is within the PDF, or in the one `?format=` names."""
    document_id, syntax = visit.id("INV"), visit.query.get("format", "cii")
    if syntax not in ("cii", "ubl"):
        raise Refused("query_invalid")
    return download(*document_file.xml(visit.runtime, visit.buyer_scope, document_id, syntax), "application/xml")


def send(visit: Visit) -> Response:
    """Mails a copy: to the buyer's own address, or to the copy addresses of the billing details."""
    document_id, to = visit.id("INV"), visit.form.get("to", "")
    if to not in ("own", "copies"):
        raise Refused("form_invalid")
    document_mail.send(visit.runtime, visit.buyer_scope, document_id, to)
    return done.go(visit, f"/invoices/{document_id}", "copy_sent")
