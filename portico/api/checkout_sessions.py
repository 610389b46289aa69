"""Checkout sessions: a page of ours that sells one product to one buyer, opened by the merchant's server."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from portico.api.billing_details import BillingDetailInput, as_form
from portico.api.call import Call
from portico.api.dry_run import DryRun, possible
from portico.api.fields import (
    Amount,
    BuyerId,
    CheckoutId,
    Currency,
    Email,
    ExternalId,
    Locale,
    Metadata,
    Moment,
    OrderId,
    ProductId,
    Quantity,
    ReturnUrl,
    SignedAmount,
)
from portico.api.operation import Operation
from portico.api.paging import Listed, Paged, listed
from portico.domain import checkout as domain
from portico.domain.catalog import ProductKind
from portico.domain.checkout import CheckoutStatus
from portico.domain.errors import FieldError, Invalid, Refused
from portico.domain.money import format_amount, parse_amount
from portico.services import checkout, checkout_address, checkout_end
from portico.services.checkout import Asked
from portico.storage import checkout as checkouts

Theme = Annotated[Literal["light", "dark"], Meta(description="Without one the buyer's device decides.")]


class CheckoutSession(msgspec.Struct, frozen=True, kw_only=True):
    """One product on offer, at a price that is kept, until it is bought or its time is over. The order tells the tax."""

    id: CheckoutId
    url: Annotated[str, Meta(description="Send the buyer's browser here. Whoever has it may buy.", examples=["https://portal.example.com/shop/portal/checkout/CHK_01kJd7rWvTq3YbX5mZ8cNa"])]  # fmt: skip  # noqa: E501
    status: Annotated[CheckoutStatus, Meta(description="`placed`: ordered, and not paid for yet.", examples=["open"])]
    product_id: ProductId
    product_name: Annotated[str, Meta(examples=["Atlas Pro"])]
    product_version: int
    kind: ProductKind
    quantity: int
    currency: Currency
    unit_amount: Annotated[SignedAmount, Meta(description="Per unit and interval, before tax.")]
    trial_days: Annotated[int, Meta(description="For a buyer who has had no trial of it; 0: none.")]
    buyer_id: Annotated[BuyerId | None, Meta(description="Whom you named, or who ordered.")]
    email: str | None
    order_id: OrderId | None
    order_external_id: ExternalId | None
    locale: Locale | None
    theme: Theme | None
    success_url: ReturnUrl | None
    cancel_url: ReturnUrl | None
    metadata: Metadata
    created_at: Moment
    expires_at: Annotated[Moment, Meta(description="Who orders before has an hour to pay.")]
    placed_at: Moment | None
    completed_at: Moment | None


class CheckoutSessionInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sold, and to whom."""

    product_id: ProductId
    currency: Annotated[Currency, Meta(description="One that the product has a price in, unless you name one.")]
    quantity: Annotated[Quantity, Meta(description="Without one, the smallest that is sold.")] | None = None
    unit_amount: Annotated[Amount, Meta(description="Another price than the product's: per unit and interval, before tax.")] | None = None
    trial: Annotated[bool, Meta(description="Whether the product's trial is offered.")] = True
    buyer_id: Annotated[BuyerId, Meta(description="The order is this buyer's, whoever pays.")] | None = None
    buyer_external_id: Annotated[ExternalId, Meta(description="The same, by your own id.")] | None = None
    email: Annotated[Email, Meta(description="Is written into the form, where it can be changed.")] | None = None
    billing_detail: Annotated[BillingDetailInput, Meta(description="Is written into the form.")] | None = None
    locale: Locale | None = None
    theme: Theme | None = None
    success_url: Annotated[ReturnUrl, Meta(description="Where the buyer goes then, with `checkout_session` and `result`.")] | None = None
    cancel_url: Annotated[ReturnUrl, Meta(description="Where a buyer goes who does not want to buy.")] | None = None
    order_external_id: Annotated[ExternalId, Meta(description="Your own id of the order to come.")] | None = None
    expires_in_seconds: Annotated[int, Meta(ge=60, le=604_800)] = 2700
    metadata: Annotated[Metadata, Meta(description="Texts of your own, by name; the order keeps them.")] = {}


class CheckoutSessionQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: CheckoutStatus | None = None
    buyer_id: BuyerId | None = None


def create_checkout_session(call: Call) -> CheckoutSession:
    body: CheckoutSessionInput = call.body
    asked = Asked(
        product=body.product_id,
        currency=body.currency,
        quantity=body.quantity,
        price_minor=_minor(body),
        trial=body.trial,
        buyer_id=body.buyer_id,
        buyer_external_id=body.buyer_external_id,
        email=body.email,
        billing_detail=None if body.billing_detail is None else as_form(body.billing_detail),
        locale=body.locale,
        theme=body.theme,
        success_url=body.success_url,
        cancel_url=body.cancel_url,
        order_external_id=body.order_external_id,
        lifetime_seconds=body.expires_in_seconds,
        metadata=body.metadata,
    )
    return _shown(call, checkout.create(call.runtime, call.store, call.scope.environment, asked, actor=call.actor))


def list_checkout_sessions(call: Call) -> Listed[CheckoutSession]:
    asked: CheckoutSessionQuery = call.query
    with call.runtime.database.read() as tx:
        page = checkouts.page(tx, call.scope, asked.after, asked.limit, status=asked.status, buyer_id=asked.buyer_id)
    return listed(page, lambda found: _shown(call, found))


def get_checkout_session(call: Call) -> CheckoutSession:
    with call.runtime.database.read() as tx:
        return _shown(call, checkouts.get(tx, call.scope, call.id))


def expire_checkout_session(call: Call) -> CheckoutSession | DryRun:
    if call.dry_run:
        reason = checkout_end.why_not(call.runtime, call.scope, call.id)
        if reason is not None:
            raise Refused(reason)
        return possible()
    return _shown(call, checkout_end.expire(call.runtime, call.store, call.scope.environment, call.id, actor=call.actor))


def _minor(body: CheckoutSessionInput) -> int | None:
    """The price of one in minor units. Raises Invalid."""
    if body.unit_amount is None:
        return None
    try:
        return parse_amount(body.unit_amount, body.currency)
    except Refused as refused:
        field = "currency" if refused.code == "currency_unknown" else "unit_amount"
        raise Invalid([FieldError(field, refused.code)]) from None


def _shown(call: Call, found: domain.CheckoutSession) -> CheckoutSession:
    return CheckoutSession(
        id=found.id,
        url=checkout_address.page(call.runtime, call.store.slug, call.scope.environment, found.id),
        status=found.status,
        product_id=found.product_id,
        product_name=found.product_name,
        product_version=found.product_version,
        kind=found.kind,
        quantity=found.quantity,
        currency=found.currency,
        unit_amount=format_amount(found.unit_minor, found.currency),
        trial_days=found.trial_days,
        buyer_id=found.buyer_id,
        email=found.email,
        order_id=found.order_id,
        order_external_id=found.order_external_id,
        locale=found.locale,
        theme=found.theme,
        success_url=found.success_url,
        cancel_url=found.cancel_url,
        metadata=found.metadata,
        created_at=found.created_at,
        expires_at=found.expires_at,
        placed_at=found.placed_at,
        completed_at=found.completed_at,
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/checkout-sessions",
        name="list_checkout_sessions",
        tag="Checkout",
        summary="List checkout sessions",
        description="Checkout sessions, newest first; by how they stand, or of a buyer.",
        handler=list_checkout_sessions,
        answer=Listed[CheckoutSession],
        query=CheckoutSessionQuery,
        errors=("cursor_invalid",),
    ),
    Operation(
        method="GET",
        path="/v1/checkout-sessions/{id}",
        name="get_checkout_session",
        tag="Checkout",
        summary="Get a checkout session",
        description="One checkout session. Grant what was bought when `checkout.completed` tells so, or its status here; never because a "
        "browser came back.",
        handler=get_checkout_session,
        answer=CheckoutSession,
    ),
    Operation(
        method="POST",
        path="/v1/checkout-sessions",
        name="create_checkout_session",
        tag="Checkout",
        summary="Sell a product",
        description="Offers a product for 45 minutes, or as long as you say, up to a week. Send the buyer to `url`: the page asks for "
        "billing details, shows the price with its tax, and leads to the payment provider for the card. Order, subscription, invoice, "
        "receipt and mails follow by themselves.",
        handler=create_checkout_session,
        answer=CheckoutSession,
        body=CheckoutSessionInput,
        status=201,
        errors=("no_gateway",),
    ),
    Operation(
        method="POST",
        path="/v1/checkout-sessions/{id}/expire",
        name="expire_checkout_session",
        tag="Checkout",
        summary="Take an offer back",
        description="Ends a checkout session before its time, and cancels what was ordered with it and not paid for. Again does nothing.",
        handler=expire_checkout_session,
        answer=CheckoutSession,
        action=True,
        preview=DryRun,
        errors=("checkout_completed", "payment_open"),
    ),
)
