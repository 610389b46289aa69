"""What Waffo keeps to its own pages, in the same verbs: portal sessions, documents, billing details, reasons for leaving.

A customer's token is for its own buyer. A merchant names a buyer by `storeId` with `buyerIdentity`, its own id of him or his e-mail.
"""

import base64
from datetime import UTC, datetime
from typing import Any

from portico.api.waffo import reach, wire
from portico.api.waffo.action import BOTH, MERCHANT, Action, Call, Wrong
from portico.api.waffo.actions.orders import subscription_of
from portico.api.waffo.fields import BILLING_DETAIL, choice, identifier, need, take, text, url, whole
from portico.domain.cancellation import Cancellation
from portico.domain.errors import NotFound, Refused
from portico.domain.invoice import Document
from portico.domain.money import format_amount
from portico.domain.portal_session import FLOWS
from portico.domain.scope import BuyerScope
from portico.i18n.negotiate import lookup
from portico.services import billing_detail, document_file, portal_session, waffo_token, waffo_words
from portico.services.portal_session import Wanted, WhichBuyer
from portico.storage import cancellation as cancellations
from portico.storage import document_of_store
from portico.storage.page import Cursor

_MEDIA_TYPES = {"pdf": "application/pdf", "xml": "application/xml"}


def create_portal_session(call: Call) -> dict[str, Any]:
    """A link that signs a buyer in, once, within five minutes, and leads to what he is to do there."""
    scope = _buyer(call)
    store = reach.store_of(call, scope.store_id)
    subscription_id = None if call.get("orderId") is None else subscription_of(call)[1].id
    product_id = None if call.get("productId") is None else reach.product(call, call.get("productId"))[1].id
    wanted = Wanted(
        flow=call.get("flow") or "overview", subscription_id=subscription_id, document_id=call.get("documentId"), product_id=product_id,
        return_url=call.get("returnUrl"), locale=None if call.get("language") is None else lookup(call.get("language")),
    )  # fmt: skip
    made = portal_session.create(call.runtime, store, scope.environment, WhichBuyer(id=scope.buyer_id), wanted, actor=call.asker.actor)
    address = portal_session.address(call.runtime, store.slug, scope.environment, made.id)
    return {"sessionId": made.id, "portalUrl": address, "expiresAt": waffo_words.moment(made.expires_at)}


def list_documents(call: Call) -> dict[str, Any]:
    """Newest first."""
    scope = reach.owner(call, "ORD", call.get("orderId")) if call.get("orderId") is not None else _buyer(call)
    with call.runtime.database.read() as connection:
        page = document_of_store.page(
            connection, scope, call.get("cursor"), call.get("limit") or 25, buyer_id=scope.buyer_id, order_id=call.get("orderId")
        )
    return {"documents": [_document(found) for _, found in page.items], "nextCursor": page.next}


def get_document(call: Call) -> dict[str, Any]:
    """A document with its file, as base64: the PDF, or the e-invoice's XML."""
    scope = reach.owner(call, "INV", call.get("documentId"), not_theirs="Document does not belong to user")
    kind = call.get("format") or "pdf"
    try:
        if kind == "pdf":
            body, name = document_file.pdf(call.runtime, scope, call.get("documentId"), call.get("language"))
        else:
            body, name = document_file.xml(call.runtime, scope, call.get("documentId"), "cii")
    except NotFound:
        raise call.trouble(404, "There is no e-invoice for this document") from None
    with call.runtime.database.read() as connection:
        found = document_of_store.get(connection, scope, call.get("documentId"))[1]
    file = {"name": name, "mediaType": _MEDIA_TYPES[kind], "contentBase64": base64.b64encode(body).decode()}
    return {"document": _document(found), "file": file}


def get_billing_detail(call: Call) -> dict[str, Any]:
    detail, version = billing_detail.read(call.runtime, _buyer(call))
    return {"billingDetail": waffo_words.billing_detail(detail), "version": version}


def update_billing_detail(call: Call) -> dict[str, Any]:
    """Replaces them; with a `version` only if nobody else did since it was read."""
    scope = _buyer(call)
    before, version = billing_detail.read(call.runtime, scope)
    known = {"po_number": before.po_number, "cost_centre": before.cost_centre, "copy_emails": "\n".join(before.copy_emails)}
    raw = {**known, **wire.billing_fields(call.get("billingDetail"))}
    billing_detail.save(call.runtime, scope, raw, call.get("version") or version, actor=call.asker.actor)
    return get_billing_detail(call)


def list_cancellations(call: Call) -> dict[str, Any]:
    """Why buyers leave, newest first."""
    scope = reach.scope_of(call, call.get("storeId"))
    with call.runtime.database.read() as connection:
        page = cancellations.page_of_store(
            connection, scope, call.get("cursor"), call.get("limit") or 25,
            reason=call.get("reason"), since=call.get("since"), until=call.get("until"),
        )  # fmt: skip
    rows = [_cancellation(each.cancellation) | {"productName": each.product_name} for each in page.items]
    return {"cancellations": rows, "nextCursor": page.next}


def _buyer(call: Call) -> BuyerScope:
    """Whose things are asked for."""
    if not call.is_merchant:
        if call.asker.buyer is None:
            raise call.trouble(404, "Nobody has bought anything under this identity")
        return call.asker.buyer
    if call.get("storeId") is None or call.get("buyerIdentity") is None:
        raise call.trouble(400, f"Missing required field: {'storeId' if call.get('storeId') is None else 'buyerIdentity'}")
    scope = reach.scope_of(call, call.get("storeId"))
    found = waffo_token.buyer_of(call.runtime, scope, call.get("buyerIdentity"))
    if found is None:
        raise call.trouble(404, "Buyer not found")
    return found


def _document(found: Document) -> dict[str, Any]:
    return {
        "id": found.id,
        "kind": found.kind,
        "number": found.number,
        "orderId": found.order_id,
        "paymentId": found.payment_id,
        "issuedAt": waffo_words.moment(found.issued_at),
        "language": found.language,
        "currency": found.currency,
        "total": format_amount(found.total_minor, found.currency),
    }


def _cancellation(row: Cancellation) -> dict[str, Any]:
    return {
        "id": row.id,
        "reason": row.reason_code,
        "comment": row.comment or None,
        "requestedAt": waffo_words.moment(row.requested_at),
        "effectiveAt": waffo_words.moment(row.effective_at),
        "withdrawnAt": None if row.withdrawn_at is None else waffo_words.moment(row.withdrawn_at),
        "billingPeriod": waffo_words.PERIOD_OF[row.interval],
        "currency": row.currency,
        "subtotal": format_amount(row.net_minor, row.currency),
    }


def _cursor(name: str, value: Any) -> Cursor:
    try:
        return Cursor.decode(value if isinstance(value, str) else "")
    except Refused:
        raise Wrong(f"Invalid {name}: take nextCursor of the page before as it is") from None


def _moment(name: str, value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None:
        raise Wrong(f"Invalid {name}: expected an ISO 8601 moment with a zone, such as 2026-01-31T00:00:00Z")
    return at.astimezone(UTC)


def scan_prompt(call: Call) -> dict[str, Any]:
    """Portico judges nobody's prompts."""
    raise call.trouble(501, "Not implemented", "Portico has no content check.")


_WHOSE = (take("storeId", identifier("STO")), take("buyerIdentity", text(254)))
_PAGE = (take("limit", whole(1, 100)), take("cursor", _cursor))
ACTIONS = (
    Action(
        "portal/create-session",
        "user",
        MERCHANT,
        create_portal_session,
        (
            need("storeId", identifier("STO")),
            need("buyerIdentity", text(254)),
            take("flow", choice(*FLOWS)),
            take("orderId", identifier("ORD")),
            take("productId", identifier("PROD")),
            take("documentId", identifier("INV")),
            take("returnUrl", url),
            take("language", text(35)),
        ),
    ),
    Action("document/list-documents", "order", BOTH, list_documents, (*_WHOSE, take("orderId", identifier("ORD")), *_PAGE), writes=False),
    Action(
        "document/get-document",
        "order",
        BOTH,
        get_document,
        (need("documentId", identifier("INV")), take("format", choice("pdf", "xml")), take("language", text(35))),
        writes=False,
    ),
    Action("billing-detail/get-billing-detail", "user", BOTH, get_billing_detail, _WHOSE, writes=False),
    Action(
        "billing-detail/update-billing-detail",
        "user",
        BOTH,
        update_billing_detail,
        (*_WHOSE, need("billingDetail", BILLING_DETAIL), take("version", whole(1, 2**31))),
    ),
    Action(
        "cancellation/list-cancellations",
        "order",
        MERCHANT,
        list_cancellations,
        (need("storeId", identifier("STO")), take("reason", text(40)), take("since", _moment), take("until", _moment), *_PAGE),
        writes=False,
    ),
    Action(
        "verification/scan-prompt",
        "gateway",
        MERCHANT,
        scan_prompt,
        (take("prompt", text(10_000)), take("locale", text(10)), take("semantic", text(20))),
        writes=False,
    ),
)
