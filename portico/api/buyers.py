"""Buyers: who buys, by e-mail and by the merchant's own id, and what their next documents print."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from portico.api.billing_details import BillingDetail, BillingDetailInput, as_form, shown
from portico.api.call import Call
from portico.api.changes import sent
from portico.api.fields import BuyerId, Email, ExternalId, Locale, Moment
from portico.api.operation import Operation
from portico.api.paging import Listed, Paged, listed
from portico.domain import buyer as domain
from portico.domain.buyer import canonical_email
from portico.domain.errors import Conflict, Invalid, within
from portico.domain.scope import BuyerScope
from portico.services import billing_detail as billing_detail_service
from portico.services import buyer as buyer_service
from portico.services import sign_in
from portico.storage import buyer as buyers

BuyerName = Annotated[str, Meta(max_length=buyer_service.LONGEST_NAME, examples=["Ada Lovelace"])]
Version = Annotated[int, Meta(ge=1, le=2**31 - 1, description="Counts the changes of the billing details.")]


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail address within one environment of the store."""

    id: BuyerId
    email: Annotated[Email, Meta(description="In its one canonical form: lower case, the domain in ASCII.")]
    external_id: ExternalId | None
    name: BuyerName
    locale: Annotated[Locale, Meta(description="The language they chose; null: not yet.")] | None
    created_at: Moment


class NewBuyer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A buyer to be made, who may sign in from then on."""

    email: Email
    external_id: ExternalId | None = None
    name: BuyerName = ""
    locale: Locale | None = None
    billing_detail: BillingDetailInput | None = None


class BuyerChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent is changed."""

    email: Annotated[str, Meta(max_length=320)] | UnsetType = UNSET
    external_id: ExternalId | UnsetType | None = UNSET
    name: BuyerName | UnsetType = UNSET
    locale: Annotated[str, Meta(max_length=35)] | UnsetType | None = UNSET


class BuyerQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: Annotated[Email, Meta(description="The one with this address.")] | None = None
    external_id: Annotated[ExternalId, Meta(description="The one that you call so.")] | None = None


class BuyerBillingDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer's billing details, and how often they changed."""

    billing_detail: BillingDetail
    version: Version


class BillingDetailChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With a `version` nothing is changed unless the details are still of that version."""

    billing_detail: Annotated[BillingDetailInput, Meta(examples=[{"postal_code": "10117", "city": "Berlin"}])]
    version: Version | None = None


def buyer_of(found: domain.Buyer) -> Buyer:
    """A buyer as the API shows it."""
    return Buyer(
        id=found.id, email=found.email, external_id=found.external_id, name=found.name, locale=found.locale, created_at=found.created_at
    )


def list_buyers(call: Call) -> Listed[Buyer]:
    asked: BuyerQuery = call.query
    email = None if asked.email is None else canonical_email(asked.email)
    with call.runtime.database.read() as tx:
        return listed(buyers.page(tx, call.scope, asked.after, asked.limit, email=email, external_id=asked.external_id), buyer_of)


def get_buyer(call: Call) -> Buyer:
    with call.runtime.database.read() as tx:
        return buyer_of(buyers.get(tx, _scope(call)))


def create_buyer(call: Call) -> Buyer:
    body: NewBuyer = call.body
    made = buyer_service.create(
        call.runtime,
        call.scope,
        email=body.email,
        external_id=body.external_id,
        name=body.name,
        locale=body.locale,
        billing_detail=None if body.billing_detail is None else as_form(body.billing_detail),
        actor=call.actor,
    )
    return buyer_of(made)


def update_buyer(call: Call) -> Buyer:
    return buyer_of(buyer_service.update(call.runtime, _scope(call), actor=call.actor, **sent(call.body)))


def sign_out_buyer(call: Call) -> None:
    sign_in.sign_out_everywhere(call.runtime, _scope(call), actor=call.actor)


def get_billing_detail(call: Call) -> BuyerBillingDetail:
    stored, version = billing_detail_service.read(call.runtime, _scope(call))
    return BuyerBillingDetail(billing_detail=shown(stored), version=version)


def update_billing_detail(call: Call) -> BuyerBillingDetail:
    body: BillingDetailChanges = call.body
    stored, version = billing_detail_service.read(call.runtime, _scope(call))
    if body.version is not None and body.version != version:
        raise Conflict
    try:
        billing_detail_service.save(call.runtime, _scope(call), as_form(body.billing_detail, stored), version, actor=call.actor)
    except Invalid as invalid:
        raise Invalid(within("billing_detail", invalid.errors)) from None
    return get_billing_detail(call)


def _scope(call: Call) -> BuyerScope:
    """The buyer of the path, within the key's store; whether there is one is for the query to say."""
    return BuyerScope(call.scope.store_id, call.scope.environment, call.id)


_TAKEN = ("email_taken", "external_id_taken")
OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/buyers",
        name="list_buyers",
        tag="Buyers",
        summary="List buyers",
        description="All buyers, newest first, or the one with an e-mail address or an id of yours.",
        handler=list_buyers,
        answer=Listed[Buyer],
        query=BuyerQuery,
        errors=("cursor_invalid",),
    ),
    Operation(
        method="POST",
        path="/v1/buyers",
        name="create_buyer",
        tag="Buyers",
        summary="Create a buyer",
        description="Two buyers never share an e-mail address or an `external_id`.",
        handler=create_buyer,
        answer=Buyer,
        body=NewBuyer,
        status=201,
        errors=_TAKEN,
        example={"email": "ada@example.com", "external_id": "user-42", "name": "Ada Lovelace", "locale": "de"},
    ),
    Operation(
        method="GET",
        path="/v1/buyers/{id}",
        name="get_buyer",
        tag="Buyers",
        summary="Get a buyer",
        description="One buyer.",
        handler=get_buyer,
        answer=Buyer,
    ),
    Operation(
        method="PATCH",
        path="/v1/buyers/{id}",
        name="update_buyer",
        tag="Buyers",
        summary="Change a buyer",
        description="With another e-mail address all of the buyer's sessions end, and every sign-in link that is under way.",
        handler=update_buyer,
        answer=Buyer,
        body=BuyerChanges,
        errors=(*_TAKEN, "conflict"),
        example={"name": "Ada King"},
    ),
    Operation(
        method="POST",
        path="/v1/buyers/{id}/sign-out",
        name="sign_out_buyer",
        tag="Buyers",
        summary="Sign a buyer out everywhere",
        description="Ends every session of the buyer, and every sign-in link and code that is under way.",
        handler=sign_out_buyer,
        answer=None,
        status=204,
    ),
    Operation(
        method="GET",
        path="/v1/buyers/{id}/billing-detail",
        name="get_billing_detail",
        tag="Buyers",
        summary="Get the billing details",
        description="What the buyer's next documents print. Each order keeps a copy of its own.",
        handler=get_billing_detail,
        answer=BuyerBillingDetail,
    ),
    Operation(
        method="PATCH",
        path="/v1/buyers/{id}/billing-detail",
        name="update_billing_detail",
        tag="Buyers",
        summary="Change the billing details",
        description="Checked by the rules of the country's addresses and tax ids. The next charges are taxed by them; documents that are "
        "issued stay as they are.",
        handler=update_billing_detail,
        answer=BuyerBillingDetail,
        body=BillingDetailChanges,
        errors=("conflict",),
        example={"billing_detail": {"line1": "Unter den Linden 1", "postal_code": "10117", "city": "Berlin"}},
    ),
)
