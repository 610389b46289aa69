"""What the API takes and answers. Written by tools/make_client.py from the OpenAPI document: do not edit."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class Problem(TypedDict):
    """A problem as it is sent, as application/problem+json."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: NotRequired[list[FieldProblem]]


class FieldProblem(TypedDict):
    """One wrong field. `field` is where it stands in the body ("prices/0/amount") or its name in the query;
    `code` is stable."""

    field: str
    code: str
    detail: str
    example: NotRequired[str]


class PortalSession(TypedDict):
    """A link into the portal, for five minutes and one use."""

    id: str
    url: str
    portal_url: str
    expires_at: str
    created_at: str
    buyer_id: str
    flow: Literal["billing_details", "invoice", "overview", "payment_method", "subscription_cancel", "subscription_change"]
    subscription_id: str | None
    document_id: str | None
    product_id: str | None
    return_url: str | None
    locale: str | None


class PortalSessionInput(TypedDict):
    """Who is to enter, to do what, and where to after it."""

    buyer: BuyerReference
    flow: NotRequired[Literal["billing_details", "invoice", "overview", "payment_method", "subscription_cancel", "subscription_change"]]
    subscription_id: NotRequired[str | None]
    document_id: NotRequired[str | None]
    product_id: NotRequired[str | None]
    return_url: NotRequired[str | None]
    locale: NotRequired[str | None]


class BuyerReference(TypedDict):
    """A buyer, by exactly one of these."""

    email: NotRequired[str | None]
    id: NotRequired[str | None]
    external_id: NotRequired[str | None]


class PortalConfiguration(TypedDict):
    """How the store's portal looks and behaves, in both environments."""

    name: str
    support_email: str
    accent_color: str
    return_origins: list[str]
    cancel_reasons: list[CancelReason]
    own_cancel_reasons: bool
    portal_url: str


class CancelReason(TypedDict):
    """A reason for leaving. Reports count its code, whatever its words become."""

    code: str
    label: NotRequired[dict[str, str]]


class PortalConfigurationChanges(TypedDict):
    """What is sent is changed; lists are replaced. `cancel_reasons: null` goes back to those that every store
    starts with."""

    name: NotRequired[str]
    support_email: NotRequired[str]
    accent_color: NotRequired[str]
    return_origins: NotRequired[list[str]]
    cancel_reasons: NotRequired[list[CancelReason] | None]


class BuyerList(TypedDict):
    """A page of a list."""

    data: list[Buyer]
    has_more: bool
    next_cursor: str | None


class Buyer(TypedDict):
    """An e-mail address within one environment of the store."""

    id: str
    email: str
    external_id: str | None
    name: str
    locale: str | None
    created_at: str


class NewBuyer(TypedDict):
    """A buyer to be made, who may sign in from then on."""

    email: str
    external_id: NotRequired[str | None]
    name: NotRequired[str]
    locale: NotRequired[str | None]
    billing_detail: NotRequired[BillingDetailInput | None]


class BillingDetailInput(TypedDict):
    """What is sent is changed; the whole is then checked by the rules of its country, with every error at
    once."""

    country: NotRequired[str]
    name: NotRequired[str]
    is_business: NotRequired[bool]
    business_name: NotRequired[str]
    tax_id: NotRequired[str]
    line1: NotRequired[str]
    line2: NotRequired[str]
    city: NotRequired[str]
    state: NotRequired[str]
    postal_code: NotRequired[str]
    po_number: NotRequired[str]
    cost_centre: NotRequired[str]
    copy_emails: NotRequired[list[str]]


class BuyerChanges(TypedDict):
    """What is sent is changed."""

    email: NotRequired[str]
    external_id: NotRequired[str | None]
    name: NotRequired[str]
    locale: NotRequired[str | None]


class BuyerBillingDetail(TypedDict):
    """A buyer's billing details, and how often they changed."""

    billing_detail: BillingDetail
    version: int


class BillingDetail(TypedDict):
    """What documents print about the buyer. Empty texts mean not given."""

    country: str
    name: str
    is_business: bool
    business_name: str
    tax_id: str
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    po_number: str
    cost_centre: str
    copy_emails: list[str]


class BillingDetailChanges(TypedDict):
    """With a `version` nothing is changed unless the details are still of that version."""

    billing_detail: BillingDetailInput
    version: NotRequired[int | None]


class ProductList(TypedDict):
    """A page of a list."""

    data: list[Product]
    has_more: bool
    next_cursor: str | None


class Product(TypedDict):
    """Something sold once, or by the interval."""

    id: str
    external_id: str
    name: str
    description: str
    kind: Literal["one_time", "subscription"]
    interval: Literal["month", "quarter", "week", "year"] | None
    group_id: str | None
    tax_category: str
    prices: list[Price]
    active: bool
    quantity_min: int
    quantity_max: int
    pause_periods_max: int
    trial_days: int
    version: int
    metadata: dict[str, str]


class Price(TypedDict):
    """A tax-exclusive price."""

    currency: str
    amount: str


class NewProduct(TypedDict):
    """A product to be made."""

    name: str
    kind: Literal["one_time", "subscription"]
    prices: list[PriceInput]
    interval: NotRequired[Literal["month", "quarter", "week", "year"] | None]
    external_id: NotRequired[str | None]
    description: NotRequired[str]
    group_id: NotRequired[str | None]
    tax_category: NotRequired[str]
    active: NotRequired[bool]
    quantity_min: NotRequired[int]
    quantity_max: NotRequired[int]
    pause_periods_max: NotRequired[int]
    trial_days: NotRequired[int]
    metadata: NotRequired[dict[str, str]]


class PriceInput(TypedDict):
    """A tax-exclusive price."""

    currency: str
    amount: str


class ProductChanges(TypedDict):
    """What is sent is changed. `prices` replace all there are; `group_id: null` takes it out of its group."""

    name: NotRequired[str]
    prices: NotRequired[list[PriceInput]]
    external_id: NotRequired[str]
    description: NotRequired[str]
    group_id: NotRequired[str | None]
    tax_category: NotRequired[str]
    active: NotRequired[bool]
    quantity_min: NotRequired[int]
    quantity_max: NotRequired[int]
    pause_periods_max: NotRequired[int]
    trial_days: NotRequired[int]
    metadata: NotRequired[dict[str, str]]


class ProductGroupList(TypedDict):
    """A page of a list."""

    data: list[ProductGroup]
    has_more: bool
    next_cursor: str | None


class ProductGroup(TypedDict):
    """Plans that belong together."""

    id: str
    external_id: str
    name: str
    description: str
    self_service: bool
    shared_trial: bool
    product_ids: list[str]


class NewProductGroup(TypedDict):
    """A group to be made."""

    name: str
    external_id: NotRequired[str | None]
    description: NotRequired[str]
    self_service: NotRequired[bool]
    shared_trial: NotRequired[bool]
    product_ids: NotRequired[list[str]]


class ProductGroupChanges(TypedDict):
    """What is sent is changed. `product_ids` replace those there are."""

    name: NotRequired[str]
    external_id: NotRequired[str]
    description: NotRequired[str]
    self_service: NotRequired[bool]
    shared_trial: NotRequired[bool]
    product_ids: NotRequired[list[str]]


class CheckoutSessionList(TypedDict):
    """A page of a list."""

    data: list[CheckoutSession]
    has_more: bool
    next_cursor: str | None


class CheckoutSession(TypedDict):
    """One product on offer, at a price that is kept, until it is bought or its time is over. The order tells the
    tax."""

    id: str
    url: str
    status: Literal["completed", "expired", "open", "placed"]
    product_id: str
    product_name: str
    product_version: int
    kind: Literal["one_time", "subscription"]
    quantity: int
    currency: str
    unit_amount: str
    trial_days: int
    buyer_id: str | None
    email: str | None
    order_id: str | None
    order_external_id: str | None
    locale: str | None
    theme: Literal["dark", "light"] | None
    success_url: str | None
    cancel_url: str | None
    metadata: dict[str, str]
    created_at: str
    expires_at: str
    placed_at: str | None
    completed_at: str | None


class CheckoutSessionInput(TypedDict):
    """What is sold, and to whom."""

    product_id: str
    currency: str
    quantity: NotRequired[int | None]
    unit_amount: NotRequired[str | None]
    trial: NotRequired[bool]
    buyer_id: NotRequired[str | None]
    buyer_external_id: NotRequired[str | None]
    email: NotRequired[str | None]
    billing_detail: NotRequired[BillingDetailInput | None]
    locale: NotRequired[str | None]
    theme: NotRequired[Literal["dark", "light"] | None]
    success_url: NotRequired[str | None]
    cancel_url: NotRequired[str | None]
    order_external_id: NotRequired[str | None]
    expires_in_seconds: NotRequired[int]
    metadata: NotRequired[dict[str, str]]


class DryRun(TypedDict):
    """The answer of `?dry_run=true`. Operations that can say more about what would happen answer with a struct
    that extends it."""

    possible: bool
    reason: NotRequired[Reason | None]


class Reason(TypedDict):
    """Why something is not possible: a code of the reference, and a sentence."""

    code: str
    message: str


class OrderList(TypedDict):
    """A page of a list."""

    data: list[Order]
    has_more: bool
    next_cursor: str | None


class Order(TypedDict):
    """One purchase. The order of a subscription has the status of the subscription."""

    id: str
    external_id: str | None
    buyer_id: str
    kind: Literal["one_time", "subscription"]
    product_id: str
    product_name: str
    product_version: int
    quantity: int
    currency: str
    net: str
    tax: str
    total: str
    tax_rate: str
    tax_reason: Literal["exempt", "outside_scope", "reduced", "reverse_charge", "standard", "zero"]
    status: Literal[
        "active",
        "canceled",
        "canceling",
        "closed",
        "completed",
        "expired",
        "partially_refunded",
        "past_due",
        "paused",
        "pending",
        "refunded",
        "trialing",
    ]
    subscription_id: str | None
    checkout_session_id: str | None
    billing_detail: BillingDetail
    payments: list[Payment]
    metadata: dict[str, str]
    created_at: str


class Payment(TypedDict):
    """An amount to be taken once: for a purchase, for a period of a subscription, or for a change of plan."""

    id: str
    external_id: str | None
    buyer_id: str
    order_id: str
    subscription_id: str | None
    purpose: Literal["change", "period", "purchase"]
    period_start: str | None
    period_end: str | None
    currency: str
    net: str
    tax: str
    total: str
    refunded: str
    refundable: str
    status: Literal["canceled", "failed", "pending", "succeeded", "unknown"]
    method: PaymentMethod | None
    created_at: str
    succeeded_at: str | None
    disputed_at: str | None
    attempts: list[PaymentAttempt]
    refunds: list[PaymentRefund]


class PaymentMethod(TypedDict):
    """What may be shown of a card."""

    brand: str
    last4: str
    expiry_month: int | None
    expiry_year: int | None


class PaymentAttempt(TypedDict):
    """One try to take the money."""

    sequence: int
    status: Literal["canceled", "failed", "pending", "succeeded", "unknown"]
    failure_code: str | None
    method: PaymentMethod | None
    attempted_at: str
    reference: str | None
    action_url: str | None


class PaymentRefund(TypedDict):
    """Money that was given back out of a payment."""

    id: str
    amount: str
    currency: str
    status: Literal["failed", "pending", "succeeded"]
    purpose: Literal["money", "tax"]
    reason: str
    refund_ticket_id: str | None
    at_provider: bool
    created_at: str


class SubscriptionList(TypedDict):
    """A page of a list."""

    data: list[Subscription]
    has_more: bool
    next_cursor: str | None


class Subscription(TypedDict):
    """One subscription. `unit_amount` is net, per unit and interval."""

    id: str
    external_id: str | None
    buyer_id: str
    order_id: str
    product_id: str
    product_name: str
    status: Literal["active", "canceled", "canceling", "closed", "expired", "past_due", "paused", "pending", "trialing"]
    quantity: int
    unit_amount: str
    currency: str
    interval: Literal["month", "quarter", "week", "year"]
    period_start: str
    period_end: str
    trial_end: str | None
    scheduled_change: ScheduledChange | None
    resumes_at: str | None
    next_charge: Charge | None
    method: PaymentMethod | None
    billed_by: Literal["elsewhere", "portico"]
    created_at: str
    ended_at: str | None


class ScheduledChange(TypedDict):
    """What waits for the end of the period. Product, quantity and price are those of a change of plan."""

    kind: Literal["cancel", "change_plan", "pause"]
    at: str
    product_id: str | None
    product_name: str | None
    quantity: int | None
    unit_amount: str | None


class Charge(TypedDict):
    """Money that will be taken, and when."""

    at: str
    net: str
    tax: str
    total: str
    currency: str


class SubscriptionDetail(TypedDict):
    """One subscription with all that decides what may be done with it."""

    id: str
    external_id: str | None
    buyer_id: str
    order_id: str
    product_id: str
    product_name: str
    status: Literal["active", "canceled", "canceling", "closed", "expired", "past_due", "paused", "pending", "trialing"]
    quantity: int
    unit_amount: str
    currency: str
    interval: Literal["month", "quarter", "week", "year"]
    period_start: str
    period_end: str
    trial_end: str | None
    scheduled_change: ScheduledChange | None
    resumes_at: str | None
    next_charge: Charge | None
    method: PaymentMethod | None
    billed_by: Literal["elsewhere", "portico"]
    created_at: str
    ended_at: str | None
    cancellation: StandingCancellation | None
    open_payment: OpenPayment | None
    actions: dict[str, Possibility]


class StandingCancellation(TypedDict):
    """Why it is given up, and as from when."""

    id: str
    reason: str | None
    comment: str
    requested_at: str
    effective_at: str


class OpenPayment(TypedDict):
    """A payment that is under way, or overdue. At `action_url` the buyer confirms it with his bank, if that is
    what it waits for."""

    id: str
    status: Literal["canceled", "failed", "pending", "succeeded", "unknown"]
    total: str
    currency: str
    failure_code: str | None
    action_url: str | None


class Possibility(TypedDict):
    """Whether an action is possible now, and if not, why."""

    possible: bool
    reason: Reason | None


class Acted(TypedDict):
    """What became of an action, and the subscription as it is now."""

    result: Literal["done", "failed", "processing", "requires_action", "scheduled"]
    effective_at: str | None
    payment: Charged | None
    subscription: SubscriptionDetail


class Charged(TypedDict):
    """The payment that was tried, and how that went."""

    id: str
    status: Literal["failed", "processing", "requires_action", "succeeded"]
    failure_code: str | None
    action_url: str | None


class CancelInput(TypedDict):
    """Why, if that is known."""

    reason: NotRequired[str | None]
    comment: NotRequired[str]


class ActionPreview(TypedDict):
    """What an action would do. What the payment provider would say to a charge nobody knows before."""

    possible: bool
    reason: NotRequired[Reason | None]
    effective_at: NotRequired[str | None]
    status: NotRequired[Literal["active", "canceled", "canceling", "closed", "expired", "past_due", "paused", "pending", "trialing"] | None]
    charge: NotRequired[Charge | None]
    next_charge: NotRequired[Charge | None]


class ChangeInput(TypedDict):
    """To what. With the `quote` of a dry run, exactly what that said is charged, or nothing."""

    product_id: str
    quantity: NotRequired[int | None]
    quote: NotRequired[str | None]
    on_session: NotRequired[bool]


class ChangePreview(TypedDict):
    """What a change of plan would do, to the cent."""

    possible: bool
    reason: NotRequired[Reason | None]
    effective_at: NotRequired[str | None]
    status: NotRequired[Literal["active", "canceled", "canceling", "closed", "expired", "past_due", "paused", "pending", "trialing"] | None]
    charge: NotRequired[Charge | None]
    next_charge: NotRequired[Charge | None]
    timing: NotRequired[Literal["now", "period_end"] | None]
    direction: NotRequired[Literal["downgrade", "same", "upgrade"] | None]
    product_id: NotRequired[str | None]
    product_name: NotRequired[str | None]
    quantity: NotRequired[int | None]
    unit_amount: NotRequired[str | None]
    lines: NotRequired[list[Line] | None]
    quote: NotRequired[str | None]
    quote_expires_at: NotRequired[str | None]


class Line(TypedDict):
    """A position of what would be charged at once: a credit for time that is paid, or the price of the new
    plan."""

    kind: str
    description: str
    net: str
    period_start: str | None
    period_end: str | None


class PauseInput(TypedDict):
    """For how many whole periods."""

    periods: int


class Charging(TypedDict):
    on_session: NotRequired[bool]


class CancellationList(TypedDict):
    """A page of a list."""

    data: list[Cancellation]
    has_more: bool
    next_cursor: str | None


class Cancellation(TypedDict):
    """A subscription that was given up. `amount` is what it cost per interval, net; `per_month` what that makes a
    month."""

    id: str
    subscription_id: str
    buyer_id: str
    product_id: str
    product_name: str
    quantity: int
    reason: str | None
    comment: str
    requested_at: str
    effective_at: str
    withdrawn_at: str | None
    actor: str
    interval: Literal["month", "quarter", "week", "year"]
    amount: str
    per_month: str
    currency: str


class CancellationSummary(TypedDict):
    """What was asked for from `since` until just before `until`. By reason and product the most lost comes
    first."""

    by: Literal["month", "product", "reason"]
    since: str
    until: str
    data: list[CancellationSum]
    total: CancellationSum


class CancellationSum(TypedDict):
    """Cancellations of one reason, product or month. Reason: a code, empty where none was given."""

    key: str
    name: str
    requested: int
    saved: int
    lost: int
    money: list[MoneyPerMonth]


class MoneyPerMonth(TypedDict):
    """What cancellations in one currency come to, per month and net."""

    currency: str
    requested: int
    saved: int
    lost: int
    lost_per_month: str
    saved_per_month: str


class PaymentList(TypedDict):
    """A page of a list."""

    data: list[Payment]
    has_more: bool
    next_cursor: str | None


class RefundList(TypedDict):
    """A page of a list."""

    data: list[Refund]
    has_more: bool
    next_cursor: str | None


class Refund(TypedDict):
    """Money that goes back out of one payment. It has a credit note once it has succeeded."""

    id: str
    external_id: str | None
    buyer_id: str
    payment_id: str
    order_id: str
    amount: str
    currency: str
    status: Literal["failed", "pending", "succeeded"]
    purpose: Literal["money", "tax"]
    reason: str
    refund_ticket_id: str | None
    at_provider: bool
    created_at: str


class RefundInput(TypedDict):
    """How much of which payment. Without an amount, all that is left."""

    payment_id: str
    amount: NotRequired[str | None]
    reason: NotRequired[str]


class RefundPreview(TypedDict):
    """What would go back, and what would be left of the payment then."""

    possible: bool
    reason: NotRequired[Reason | None]
    amount: NotRequired[str | None]
    left: NotRequired[str | None]
    currency: NotRequired[str | None]


class RefundTicketList(TypedDict):
    """A page of a list."""

    data: list[RefundTicket]
    has_more: bool
    next_cursor: str | None


class RefundTicket(TypedDict):
    """A buyer's request for money back. Rejected, it can be made again, as its next version."""

    id: str
    external_id: str | None
    buyer_id: str
    payment_id: str
    version: int
    amount: str
    currency: str
    reason: str
    status: Literal["approved", "failed", "pending", "rejected", "succeeded"]
    note: str
    created_at: str
    updated_at: str
    decided_at: str | None
    metadata: dict[str, str]


class RefundTicketInput(TypedDict):
    """A request on a buyer's behalf."""

    reason: str
    amount: NotRequired[str | None]
    payment_id: str
    external_id: NotRequired[str | None]
    metadata: NotRequired[dict[str, str]]


class TicketPreview(TypedDict):
    """What would be asked back, given back, or declined."""

    possible: bool
    reason: NotRequired[Reason | None]
    amount: NotRequired[str | None]
    currency: NotRequired[str | None]


class RefundTicketAgain(TypedDict):
    """A request that was rejected, once more."""

    reason: str
    amount: NotRequired[str | None]


class ApprovedTicket(TypedDict):
    """A request that was granted, and the refund that is on its way."""

    id: str
    external_id: str | None
    buyer_id: str
    payment_id: str
    version: int
    amount: str
    currency: str
    reason: str
    status: Literal["approved", "failed", "pending", "rejected", "succeeded"]
    note: str
    created_at: str
    updated_at: str
    decided_at: str | None
    metadata: dict[str, str]
    refund_id: str


class Decision(TypedDict):
    """The answer to the buyer, if there is something to say."""

    note: NotRequired[str]


class DocumentList(TypedDict):
    """A page of a list."""

    data: list[Document]
    has_more: bool
    next_cursor: str | None


class Document(TypedDict):
    """An invoice, receipt or credit note. It is never changed; a correction is another document that refers to
    it."""

    id: str
    kind: Literal["credit_note", "invoice", "receipt"]
    number: str
    buyer_id: str
    order_id: str
    payment_id: str | None
    refund_id: str | None
    corrects_id: str | None
    issued_at: str
    language: str
    currency: str
    total: str


class DocumentWithContent(TypedDict):
    """A document with all that it prints."""

    id: str
    kind: Literal["credit_note", "invoice", "receipt"]
    number: str
    buyer_id: str
    order_id: str
    payment_id: str | None
    refund_id: str | None
    corrects_id: str | None
    issued_at: str
    language: str
    currency: str
    total: str
    supplied_at: str
    seller: DocumentSeller
    buyer_email: str
    billing_detail: BillingDetail
    lines: list[DocumentLine]
    taxes: list[DocumentTax]
    net: str
    tax: str
    paid: str
    paid_at: str | None
    refers_to: str


class DocumentSeller(TypedDict):
    """The store as the document prints it."""

    legal_name: str
    line1: str
    line2: str
    city: str
    postal_code: str
    state: str
    country: str
    tax_id: str
    registration: str
    email: str
    website: str


class DocumentLine(TypedDict):
    """A position. Of a change of plan `credit` gives back what was not used, and `charge` is the new plan."""

    kind: Literal["charge", "credit", "plain"]
    description: str
    quantity: int
    unit: str
    net: str
    tax_rate: str
    period_start: str | None
    period_end: str | None


class DocumentTax(TypedDict):
    """The tax of one rate."""

    rate: str
    reason: Literal["exempt", "outside_scope", "reduced", "reverse_charge", "standard", "zero"]
    country: str
    base: str
    tax: str


class EventList(TypedDict):
    """A page of a list."""

    data: list[Event]
    has_more: bool
    next_cursor: str | None


class Event(TypedDict):
    """Something that happened. Webhooks of the format `standard` have the very same body."""

    id: str
    type: Literal[
        "billing_detail.updated",
        "buyer.created",
        "buyer.updated",
        "checkout.completed",
        "checkout.expired",
        "document.issued",
        "order.canceled",
        "order.completed",
        "payment.dispute_closed",
        "payment.disputed",
        "payment.failed",
        "payment.succeeded",
        "payment_method.updated",
        "refund.failed",
        "refund.succeeded",
        "refund_ticket.approved",
        "refund_ticket.created",
        "refund_ticket.rejected",
        "subscription.activated",
        "subscription.cancel_requested",
        "subscription.canceled",
        "subscription.closed",
        "subscription.expired",
        "subscription.past_due",
        "subscription.pause_scheduled",
        "subscription.pause_withdrawn",
        "subscription.paused",
        "subscription.plan_change_failed",
        "subscription.plan_change_scheduled",
        "subscription.plan_change_withdrawn",
        "subscription.plan_changed",
        "subscription.recovered",
        "subscription.renewed",
        "subscription.resumed",
        "subscription.trial_started",
        "subscription.unpaused",
        "webhook.test",
    ]
    timestamp: str
    store_id: str
    environment: Literal["prod", "test"]
    data: dict[str, str | int | bool | None]


class WebhookEndpointList(TypedDict):
    """A page of a list."""

    data: list[WebhookEndpoint]
    has_more: bool
    next_cursor: str | None


class WebhookEndpoint(TypedDict):
    """An address that is told what happens."""

    id: str
    url: str
    description: str
    format: Literal["standard", "waffo"]
    event_types: list[
        Literal[
            "billing_detail.updated",
            "buyer.created",
            "buyer.updated",
            "checkout.completed",
            "checkout.expired",
            "document.issued",
            "order.canceled",
            "order.completed",
            "payment.dispute_closed",
            "payment.disputed",
            "payment.failed",
            "payment.succeeded",
            "payment_method.updated",
            "refund.failed",
            "refund.succeeded",
            "refund_ticket.approved",
            "refund_ticket.created",
            "refund_ticket.rejected",
            "subscription.activated",
            "subscription.cancel_requested",
            "subscription.canceled",
            "subscription.closed",
            "subscription.expired",
            "subscription.past_due",
            "subscription.pause_scheduled",
            "subscription.pause_withdrawn",
            "subscription.paused",
            "subscription.plan_change_failed",
            "subscription.plan_change_scheduled",
            "subscription.plan_change_withdrawn",
            "subscription.plan_changed",
            "subscription.recovered",
            "subscription.renewed",
            "subscription.resumed",
            "subscription.trial_started",
            "subscription.unpaused",
            "webhook.test",
        ]
    ]
    status: Literal["disabled", "enabled"]
    disabled_reason: str | None
    secret_rotated_at: str | None
    created_at: str


class NewWebhookEndpoint(TypedDict):
    """A new endpoint with its secret."""

    id: str
    url: str
    description: str
    format: Literal["standard", "waffo"]
    event_types: list[
        Literal[
            "billing_detail.updated",
            "buyer.created",
            "buyer.updated",
            "checkout.completed",
            "checkout.expired",
            "document.issued",
            "order.canceled",
            "order.completed",
            "payment.dispute_closed",
            "payment.disputed",
            "payment.failed",
            "payment.succeeded",
            "payment_method.updated",
            "refund.failed",
            "refund.succeeded",
            "refund_ticket.approved",
            "refund_ticket.created",
            "refund_ticket.rejected",
            "subscription.activated",
            "subscription.cancel_requested",
            "subscription.canceled",
            "subscription.closed",
            "subscription.expired",
            "subscription.past_due",
            "subscription.pause_scheduled",
            "subscription.pause_withdrawn",
            "subscription.paused",
            "subscription.plan_change_failed",
            "subscription.plan_change_scheduled",
            "subscription.plan_change_withdrawn",
            "subscription.plan_changed",
            "subscription.recovered",
            "subscription.renewed",
            "subscription.resumed",
            "subscription.trial_started",
            "subscription.unpaused",
            "webhook.test",
        ]
    ]
    status: Literal["disabled", "enabled"]
    disabled_reason: str | None
    secret_rotated_at: str | None
    created_at: str
    secret: str


class WebhookEndpointInput(TypedDict):
    """An endpoint to be made."""

    url: str
    description: NotRequired[str]
    event_types: NotRequired[
        list[
            Literal[
                "billing_detail.updated",
                "buyer.created",
                "buyer.updated",
                "checkout.completed",
                "checkout.expired",
                "document.issued",
                "order.canceled",
                "order.completed",
                "payment.dispute_closed",
                "payment.disputed",
                "payment.failed",
                "payment.succeeded",
                "payment_method.updated",
                "refund.failed",
                "refund.succeeded",
                "refund_ticket.approved",
                "refund_ticket.created",
                "refund_ticket.rejected",
                "subscription.activated",
                "subscription.cancel_requested",
                "subscription.canceled",
                "subscription.closed",
                "subscription.expired",
                "subscription.past_due",
                "subscription.pause_scheduled",
                "subscription.pause_withdrawn",
                "subscription.paused",
                "subscription.plan_change_failed",
                "subscription.plan_change_scheduled",
                "subscription.plan_change_withdrawn",
                "subscription.plan_changed",
                "subscription.recovered",
                "subscription.renewed",
                "subscription.resumed",
                "subscription.trial_started",
                "subscription.unpaused",
                "webhook.test",
            ]
        ]
    ]
    format: NotRequired[Literal["standard", "waffo"]]


class WebhookEndpointChanges(TypedDict):
    """What is sent is changed."""

    url: NotRequired[str]
    description: NotRequired[str]
    event_types: NotRequired[
        list[
            Literal[
                "billing_detail.updated",
                "buyer.created",
                "buyer.updated",
                "checkout.completed",
                "checkout.expired",
                "document.issued",
                "order.canceled",
                "order.completed",
                "payment.dispute_closed",
                "payment.disputed",
                "payment.failed",
                "payment.succeeded",
                "payment_method.updated",
                "refund.failed",
                "refund.succeeded",
                "refund_ticket.approved",
                "refund_ticket.created",
                "refund_ticket.rejected",
                "subscription.activated",
                "subscription.cancel_requested",
                "subscription.canceled",
                "subscription.closed",
                "subscription.expired",
                "subscription.past_due",
                "subscription.pause_scheduled",
                "subscription.pause_withdrawn",
                "subscription.paused",
                "subscription.plan_change_failed",
                "subscription.plan_change_scheduled",
                "subscription.plan_change_withdrawn",
                "subscription.plan_changed",
                "subscription.recovered",
                "subscription.renewed",
                "subscription.resumed",
                "subscription.trial_started",
                "subscription.unpaused",
                "webhook.test",
            ]
        ]
    ]
    status: NotRequired[Literal["disabled", "enabled"]]


class WebhookSecret(TypedDict):
    """An endpoint's secret. It is not kept anywhere: Portico makes it anew whenever it is needed."""

    secret: str
    previous_secret: str | None


class WebhookDeliveryDetail(TypedDict):
    """A delivery, and what it sends."""

    id: str
    webhook_endpoint_id: str
    event_id: str
    event_type: Literal[
        "billing_detail.updated",
        "buyer.created",
        "buyer.updated",
        "checkout.completed",
        "checkout.expired",
        "document.issued",
        "order.canceled",
        "order.completed",
        "payment.dispute_closed",
        "payment.disputed",
        "payment.failed",
        "payment.succeeded",
        "payment_method.updated",
        "refund.failed",
        "refund.succeeded",
        "refund_ticket.approved",
        "refund_ticket.created",
        "refund_ticket.rejected",
        "subscription.activated",
        "subscription.cancel_requested",
        "subscription.canceled",
        "subscription.closed",
        "subscription.expired",
        "subscription.past_due",
        "subscription.pause_scheduled",
        "subscription.pause_withdrawn",
        "subscription.paused",
        "subscription.plan_change_failed",
        "subscription.plan_change_scheduled",
        "subscription.plan_change_withdrawn",
        "subscription.plan_changed",
        "subscription.recovered",
        "subscription.renewed",
        "subscription.resumed",
        "subscription.trial_started",
        "subscription.unpaused",
        "webhook.test",
    ]
    status: Literal["failed", "pending", "succeeded"]
    replay_of_id: str | None
    attempts: list[WebhookAttempt]
    next_attempt_at: str | None
    created_at: str
    finished_at: str | None
    body: str


class WebhookAttempt(TypedDict):
    """One try: what was answered, or why nothing was."""

    at: str
    status_code: int | None
    error: str | None
    duration_ms: int


class WebhookDeliveryList(TypedDict):
    """A page of a list."""

    data: list[WebhookDelivery]
    has_more: bool
    next_cursor: str | None


class WebhookDelivery(TypedDict):
    """One event on its way to one endpoint."""

    id: str
    webhook_endpoint_id: str
    event_id: str
    event_type: Literal[
        "billing_detail.updated",
        "buyer.created",
        "buyer.updated",
        "checkout.completed",
        "checkout.expired",
        "document.issued",
        "order.canceled",
        "order.completed",
        "payment.dispute_closed",
        "payment.disputed",
        "payment.failed",
        "payment.succeeded",
        "payment_method.updated",
        "refund.failed",
        "refund.succeeded",
        "refund_ticket.approved",
        "refund_ticket.created",
        "refund_ticket.rejected",
        "subscription.activated",
        "subscription.cancel_requested",
        "subscription.canceled",
        "subscription.closed",
        "subscription.expired",
        "subscription.past_due",
        "subscription.pause_scheduled",
        "subscription.pause_withdrawn",
        "subscription.paused",
        "subscription.plan_change_failed",
        "subscription.plan_change_scheduled",
        "subscription.plan_change_withdrawn",
        "subscription.plan_changed",
        "subscription.recovered",
        "subscription.renewed",
        "subscription.resumed",
        "subscription.trial_started",
        "subscription.unpaused",
        "webhook.test",
    ]
    status: Literal["failed", "pending", "succeeded"]
    replay_of_id: str | None
    attempts: list[WebhookAttempt]
    next_attempt_at: str | None
    created_at: str
    finished_at: str | None
