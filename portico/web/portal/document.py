"""Invoices, receipts and credit notes: the list, one as a page, and its PDF."""

import re
from urllib.parse import quote

from portico.domain.errors import NotFound, Refused
from portico.domain.invoice import DOCUMENT_KINDS, DocumentKind
from portico.i18n.languages import LANGUAGES, is_language
from portico.services import document_file
from portico.services.document_print import print_data
from portico.storage import document
from portico.web import view
from portico.web.portal.paging import cursor_of, links
from portico.web.response import Response
from portico.web.visit import Visit

_KINDS: dict[str, DocumentKind] = {kind: kind for kind in DOCUMENT_KINDS}
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def invoices(visit: Visit) -> Response:
    """All documents, newest first; `?kind=` keeps those of one kind, `?after=` starts behind a cursor."""
    kind = visit.query.get("kind", "")
    if kind and kind not in _KINDS:
        raise Refused("filter_unknown")
    with visit.runtime.database.read() as tx:
        page = document.page(tx, visit.buyer_scope, kind=_KINDS.get(kind), cursor=cursor_of(visit))
    to = links(visit, "/invoices", page.next, kind=kind)
    return view.page(visit, "invoices.html", documents=page.items, kind=kind, first_url=to.first, next_cursor_url=to.following)


def one_invoice(visit: Visit) -> Response:
    """The document as a page: what the PDF in the reader's language prints, from the same strings."""
    document_id = visit.id("INV")
    with visit.runtime.database.read() as tx:
        found = document.get(tx, visit.buyer_scope, document_id)
        of_payment = document.of_payment(tx, visit.buyer_scope, found.payment_id) if found.payment_id else ()
    if found.content is None:
        raise NotFound
    return view.page(
        visit,
        "invoice.html",
        document=found,
        paper=print_data(found.content, visit.language, breaks_words=False),
        languages=LANGUAGES,
        pdf_url=visit.url(f"/invoices/{found.id}.pdf"),
        siblings=[other for other in of_payment if other.id != found.id],
    )


def pdf(visit: Visit) -> Response:
    """The document as a PDF in its own language, or in the one `?lang=` names."""
    document_id, language = visit.id("INV"), visit.query.get("lang") or None
    if language is not None and not is_language(language):
        raise Refused("language_unknown")
    body, filename = document_file.pdf(visit.runtime, visit.buyer_scope, document_id, language)
    return Response(200, body, "application/pdf", headers=(("content-disposition", content_disposition(filename)),))


def content_disposition(filename: str) -> str:
    """ "attachment" with a name every client understands, and the true one beside it where they differ (RFC 6266 section 4.3)."""
    plain = _UNSAFE.sub("-", filename).strip("-.") or "document.pdf"
    return f'attachment; filename="{plain}"' + ("" if plain == filename else f"; filename*=UTF-8''{quote(filename, safe='')}")
