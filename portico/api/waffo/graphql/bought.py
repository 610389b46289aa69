"""What buyers ordered, paid and got back: the fields of these types, from their rows."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from portico.api.waffo.graphql.filters import GIVEN_BACK_WORDS, ORDER_WORDS, PAYMENT_WORDS, TICKET_WORDS
from portico.api.waffo.graphql.nodes import Reading, Relation, Row
from portico.api.waffo.graphql.sold import STORE, Fields, is_test, moment
from portico.domain.money import format_amount
from portico.domain.tax import tax_on
from portico.services import waffo_words
from portico.storage.graphql_catalog import PRODUCTS
from portico.storage.graphql_orders import ORDERS, PAYMENTS, REFUND_TICKETS, REFUNDS


def order_kind(row: Row, reading: Reading) -> str:
    return "OnetimeOrder" if row.kind == "one_time" else "SubscriptionOrder"


def _amounts(row: Row, net_minor: int, tax_minor: int) -> dict[str, str]:
    currency = row.currency
    return {
        "subtotal": format_amount(net_minor, currency),
        "taxAmount": format_amount(tax_minor, currency),
        "total": format_amount(net_minor + tax_minor, currency),
        "taxCategory": row.tax_category,
    }


def _amount(row: Row) -> dict[str, str]:
    return {"currency": row.currency, "amount": format_amount(row.amount_minor, row.currency)}


def _snapshot(row: Row) -> dict[str, Any]:
    return {"currency": row.currency, **_amounts(row, row.net_minor, row.tax_minor)}


def _phases(row: Row) -> dict[str, Any]:
    """A period's price now; a trial is a phase that costs nothing. An order whose subscription is not there yet has its own price."""
    net_minor, tax_minor = row.net_minor, row.tax_minor
    if row.its_unit_minor is not None:
        net_minor = row.its_unit_minor * row.its_quantity
        tax_minor = tax_on(net_minor, row.its_tax_rate)
    trial = row.its_trial_end
    return {
        "currency": row.currency,
        "specialPhaseDays": None if trial is None else max(0, (trial - row.created_at + timedelta(hours=12)).days),
        "specialPhase": None if trial is None else _amounts(row, 0, 0),
        "regularPhase": _amounts(row, net_minor, tax_minor),
    }


def _detail(row: Row) -> dict[str, Any]:
    """Billing details under Waffo's names; what was not given is null."""
    told = row.billing_detail
    names = {"postcode": "postal_code", "postalCode": "postal_code", "state": "state", "businessName": "business_name", "taxId": "tax_id"}
    known = {"country": told.get("country", ""), "isBusiness": told.get("is_business", False)}
    return known | {theirs: told.get(ours) or None for theirs, ours in names.items()}


def _version(row: Row) -> dict[str, Any]:
    """The version that was ordered; after a change of plan, the one that the plan has now."""
    is_first = row.product_id == row.ordered_product_id
    number = row.product_version if is_first else row.newest_version
    return {"id": f"{row.wire_product_id}.{number}", "versionNumber": number, "name": row.product_name}


def _is_in_trial(row: Row) -> bool:
    """A trial that was canceled runs to its end."""
    return row.status == "trialing" or (
        row.status == "canceling" and row.its_trial_end is not None and row.its_change_at == row.its_trial_end
    )


def _period_start(row: Row) -> str | None:
    if row.status == "pending":
        return None
    if _is_in_trial(row) and row.its_period_start >= row.its_trial_end:
        return waffo_words.moment(row.created_at)
    return moment(row.its_period_start)


def _period_end(row: Row) -> str | None:
    if row.status == "pending":
        return None
    return moment(row.its_trial_end if _is_in_trial(row) else row.its_period_end)


def _updated_at(row: Row) -> str:
    return waffo_words.moment(max(at for at in (row.created_at, row.last_paid_at, row.its_ended_at) if at is not None))


_PLACED: Fields = {"id": lambda row: row.id, "storeId": lambda row: row.store_id, "testMode": is_test}
_CREATED: Fields = {"createdAt": lambda row: waffo_words.moment(row.created_at)}
_ORDER: Fields = {
    **_PLACED,
    **_CREATED,
    "status": lambda row: ORDER_WORDS[row.status],
    "currency": lambda row: row.currency,
    "buyerEmail": lambda row: row.buyer_email,
    "merchantProvidedBuyerIdentity": lambda row: row.buyer_identity,
    "orderMerchantExternalId": lambda row: row.external_id,
    "metadata": lambda row: row.metadata or {},
    "billingDetail": _detail,
    "productVersion": _version,
    "updatedAt": _updated_at,
}

FIELDS: Mapping[str, Fields] = {
    "OnetimeOrder": {**_ORDER, "priceSnapshot": _snapshot},
    "SubscriptionOrder": {
        **_ORDER,
        "priceSnapshot": _phases,
        "isInTrial": _is_in_trial,
        "billingPeriod": lambda row: waffo_words.PERIOD_OF.get(row.its_interval),
        "currentPeriodStart": _period_start,
        "currentPeriodEnd": _period_end,
        "cancelAt": lambda row: moment(row.its_change_at) if row.its_change_kind == "cancel" else None,
        "canceledAt": lambda row: moment(row.asked_to_end_at if row.status == "canceling" else row.its_ended_at),
    },
    "Payment": {
        **_PLACED,
        **_CREATED,
        "orderId": lambda row: row.order_id,
        "status": lambda row: PAYMENT_WORDS[row.status],
        "refundStatus": lambda row: GIVEN_BACK_WORDS[row.refund_status],
        "snapshotAmountDetails": lambda row: {**_snapshot(row), "phase": "regular" if row.subscription_id else None},
        "snapshotDisplayAmount": lambda row: format_amount(row.total_minor, row.currency),
        "snapshotDisplayCurrency": lambda row: row.currency,
        "cardInfo": lambda row: (
            row.method_brand
            and {
                "brand": row.method_brand,
                "last4": row.method_last4,
                "expMonth": row.method_expiry_month,
                "expYear": row.method_expiry_year,
            }
        ),
        "failureReason": lambda row: row.failure_code if row.status == "failed" else None,
        "buyerEmail": lambda row: row.buyer_email,
        "orderMerchantExternalId": lambda row: row.order_external_id,
        "paidAt": lambda row: moment(row.succeeded_at),
    },
    "Refund": {
        **_PLACED,
        **_CREATED,
        "paymentId": lambda row: row.payment_id,
        "status": lambda row: row.status,
        "reason": lambda row: row.reason,
        "requestedAmountDetails": _amount,
        "pspAmountDetails": lambda row: _amount(row) if row.status == "succeeded" else None,
        "orderMerchantExternalId": lambda row: row.order_external_id,
        "refundTicketMerchantExternalId": lambda row: row.ticket_external_id,
    },
    "RefundTicket": {
        **_PLACED,
        **_CREATED,
        "type": lambda row: "refund",
        "status": lambda row: TICKET_WORDS[row.status],
        "reason": lambda row: row.reason,
        "requestedAmountDetails": _amount,
        "subjectId": lambda row: row.payment_id,
        "submitterId": lambda row: row.buyer_email,
        "submitterType": lambda row: "customer",
        "reviewNote": lambda row: row.note or None,
        "rejectReason": lambda row: (row.note or None) if row.status == "rejected" else None,
        "reviewedAt": lambda row: moment(row.decided_at),
        "executedAt": lambda row: waffo_words.moment(row.updated_at) if row.status in ("succeeded", "failed") else None,
        "currentVersionId": lambda row: f"{row.id}.{row.version}",
        "metadata": lambda row: row.metadata or {},
        "refundTicketMerchantExternalId": lambda row: row.external_id,
        "versionNumber": lambda row: row.version,
        "versionData": lambda row: {"reason": row.reason, "requestedAmount": _amount(row)},
        "updatedAt": lambda row: waffo_words.moment(row.updated_at),
    },
}

_OWN_PAYMENTS = Relation(PAYMENTS, lambda row: row.id, "order_id", lambda row, reading: "Payment", ("payments",), many=True)
_PAYMENT = Relation(PAYMENTS, lambda row: row.payment_id, "id", lambda row, reading: "Payment", ("payment",))


def _order_of(kind: str, field: str) -> Relation:
    return Relation(
        ORDERS, lambda row: row.order_id, "id", lambda row, reading: kind if order_kind(row, reading) == kind else None, (field,)
    )


def _product(of: str, kind: str, field: str) -> Relation:
    return Relation(PRODUCTS, lambda row: row.product_id, "id", lambda row, reading: kind if row.kind == of else None, ("product", field))


RELATIONS: Mapping[str, tuple[Relation, ...]] = {
    "OnetimeOrder": (_product("one_time", "OnetimeProduct", "onetimeProduct"), _OWN_PAYMENTS, STORE),
    "SubscriptionOrder": (_product("subscription", "SubscriptionProduct", "subscriptionProduct"), _OWN_PAYMENTS, STORE),
    "Payment": (
        _order_of("OnetimeOrder", "onetimeOrder"),
        _order_of("SubscriptionOrder", "subscriptionOrder"),
        Relation(REFUNDS, lambda row: row.id, "payment_id", lambda row, reading: "Refund", ("refunds",), many=True),
        Relation(REFUND_TICKETS, lambda row: row.id, "payment_id", lambda row, reading: "RefundTicket", ("refundTickets",), many=True),
    ),
    "Refund": (_PAYMENT,),
    "RefundTicket": (_PAYMENT,),
}
