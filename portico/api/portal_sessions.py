"""Portal sessions: a link that opens the portal for a buyer, made by the merchant's server."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import msgspec

from portico.api.call import Call
from portico.api.fields import BuyerId, DocumentId, Email, Locale, PortalSessionId, ProductId, ReturnUrl, SubscriptionId
from portico.api.operation import Operation
from portico.domain import portal_session as domain
from portico.domain.portal_session import Flow
from portico.http.response import Response
from portico.services import portal_session
from portico.services.portal_session import Wanted, WhichBuyer

_BASE = "https://portal.example.com/shop/portal"
_WayBack = Annotated[
    ReturnUrl,
    msgspec.Meta(description="Where the buyer goes when he is done. Its origin is on the store's list (`portico store return-origins`)."),
]


class BuyerReference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A buyer, by exactly one of these."""

    email: Email | None = None
    id: Annotated[str, msgspec.Meta(max_length=40, description="Portico's id of the buyer (BUY_…).")] | None = None
    external_id: Annotated[str, msgspec.Meta(max_length=200, description="Your own id of the buyer.")] | None = None


class PortalSessionInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is to enter, to do what, and where to after it."""

    buyer: Annotated[BuyerReference, msgspec.Meta(examples=[{"email": "ada@example.com"}])]
    flow: Annotated[Flow, msgspec.Meta(description="The page that opens.")] = "overview"
    subscription_id: Annotated[SubscriptionId, msgspec.Meta(description="For the flows that are about a subscription.")] | None = None
    document_id: Annotated[DocumentId, msgspec.Meta(description="The invoice, for the flow invoice.")] | None = None
    product_id: Annotated[str, msgspec.Meta(max_length=40, description="The plan to change to, of the subscription's group.")] | None = None
    return_url: _WayBack | None = None
    locale: Locale | None = None


class PortalSession(msgspec.Struct, frozen=True, kw_only=True):
    """A link into the portal, for five minutes and one use."""

    id: PortalSessionId
    url: Annotated[
        str,
        msgspec.Meta(
            description="Send the buyer's browser here. It opens the door once: do not log it, and do not mail it.",
            examples=[f"{_BASE}/enter#t=qEhsWUEVbOzNxEjVbtUyHXdXwgZ5c3mTzE0mYk4u1rI"],
        ),
    ]
    portal_url: Annotated[
        str,
        msgspec.Meta(
            description="The same page for a mail: it holds no token, and asks whoever is signed out to sign in.", examples=[_BASE]
        ),
    ]
    expires_at: Annotated[datetime, msgspec.Meta(tz=True, examples=["2026-11-22T09:35:00Z"])]
    created_at: Annotated[datetime, msgspec.Meta(tz=True, examples=["2026-11-22T09:30:00Z"])]
    buyer_id: BuyerId
    flow: Flow
    subscription_id: SubscriptionId | None
    document_id: DocumentId | None
    product_id: ProductId | None
    return_url: ReturnUrl | None
    locale: Locale | None


def create_portal_session(call: Call) -> PortalSession:
    asked: PortalSessionInput = call.body
    made = portal_session.create(
        call.runtime,
        call.store,
        call.scope.environment,
        WhichBuyer(asked.buyer.id, asked.buyer.email, asked.buyer.external_id),
        Wanted(asked.flow, asked.subscription_id, asked.document_id, asked.product_id, asked.return_url, asked.locale),
        actor=call.actor,
    )
    return _shown(call, made)


def with_its_token(call: Call, response: Response) -> Response:
    """The answer with its link. What is kept for a repeated request has none: a copy of the database opens no door."""
    said = msgspec.json.decode(response.whole)
    said["url"] = portal_session.address(call.runtime, call.store.slug, call.scope.environment, said["id"])
    return replace(response, body=msgspec.json.encode(said))


def _shown(call: Call, made: domain.PortalSession) -> PortalSession:
    """A link as the API shows it, before it has its token."""
    where = (call.runtime, call.store.slug, call.scope.environment)
    return PortalSession(
        id=made.id,
        url="",
        portal_url=portal_session.portal_url(*where, made),
        expires_at=made.expires_at,
        created_at=made.created_at,
        buyer_id=made.buyer_id,
        flow=made.flow,
        subscription_id=made.subject_id if domain.SUBJECT_OF[made.flow] == "SUB" else None,
        document_id=made.subject_id if domain.SUBJECT_OF[made.flow] == "INV" else None,
        product_id=made.product_id,
        return_url=made.return_url,
        locale=made.locale,
    )


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/portal-sessions",
        name="create_portal_session",
        tag="Portal sessions",
        summary="Open the portal for a buyer",
        description="Answers a one-time link, good for five minutes. Whoever follows it is asked whether to continue as this buyer, and is "
        "in for 30 minutes, on the page of the flow. When what the flow is for is done, he goes back to `return_url`, with "
        "`portal_session` and `result` in its query.",
        handler=create_portal_session,
        answer=PortalSession,
        body=PortalSessionInput,
        status=201,
        errors=("buyer_not_found", "not_found", "too_many_portal_sessions"),
        completes=with_its_token,
    ),
)
