"""Our things in the shapes of the Waffo surface. Amounts are decimal strings, moments ISO 8601 in UTC; what is not known is null."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from portico.domain.catalog import Product, ProductGroup
from portico.domain.ids import Prefix, decode, is_id
from portico.domain.money import format_amount
from portico.domain.payment import RefundTicket
from portico.domain.scope import Environment
from portico.services.waffo_words import PERIOD_OF, moment
from portico.storage.store import StoreRow

_STATUS_OF_TICKET = {"approved": "processing"}


def made_at(public_id: str) -> str:
    """When a thing was made, by the milliseconds in its id (RFC 9562 5.7)."""
    uuid: UUID = decode(public_id)
    return moment(datetime.fromtimestamp((uuid.int >> 80) // 1000, UTC))


def public_id(prefix: Prefix, own_id: str, external_id: str) -> str:
    """The id that shops know: what was published to prod goes by the id that it has in test."""
    return external_id if is_id(prefix, external_id) else own_id


def product(row: Product, store_id: str) -> dict[str, Any]:
    prices = {
        currency: {"amount": format_amount(minor, currency), "taxCategory": row.tax_category} for currency, minor in row.prices.items()
    }
    trial = {"trialDays": row.trial_days} if row.trial_days else {}
    period = {} if row.interval is None else {"billingPeriod": PERIOD_OF[row.interval]}
    return {
        "id": public_id("PROD", row.id, row.external_id),
        "storeId": store_id,
        "name": row.name,
        "description": row.description or None,
        **period,
        "prices": prices,
        "media": [],
        "successUrl": None,
        "metadata": {**row.metadata, **trial},
        "status": "active" if row.active else "inactive",
        "createdAt": made_at(row.id),
        "updatedAt": made_at(row.id),
    }


def group(row: ProductGroup, product_ids: list[str], store_id: str, environment: Environment) -> dict[str, Any]:
    return {
        "id": str(decode(public_id("GRP", row.id, row.external_id))),
        "storeId": store_id,
        "name": row.name,
        "description": row.description or None,
        "rules": {"sharedTrial": row.shared_trial, "selfServicePlanChange": row.self_service},
        "productIds": product_ids,
        "environment": environment,
        "createdAt": made_at(row.id),
        "updatedAt": made_at(row.id),
    }


def store(row: StoreRow) -> dict[str, Any]:
    deleted_at = None if row.deleted_at is None else moment(row.deleted_at)
    return {
        "id": row.id,
        "name": row.name,
        "status": "active" if deleted_at is None else "inactive",
        "logo": None,
        "supportEmail": row.support_email or None,
        "website": row.seller.website or None,
        "slug": row.slug,
        "prodEnabled": True,
        "notificationSettings": None,
        "checkoutSettings": None,
        "deletedAt": deleted_at,
        "createdAt": made_at(row.id),
        "updatedAt": made_at(row.id),
    }


def ticket(row: RefundTicket, submitter_id: str, submitter_type: str) -> dict[str, Any]:
    decided = None if row.decided_at is None else moment(row.decided_at)
    return {
        "id": row.id,
        "type": "refund",
        "status": _STATUS_OF_TICKET.get(row.status, row.status),
        "subjectId": row.payment_id,
        "submitterId": submitter_id,
        "submitterType": submitter_type,
        "currentVersionId": f"{row.id}.{row.version}",
        "reviewerId": None,
        "reviewedAt": decided,
        "reviewNote": row.note or None,
        "rejectReason": (row.note or None) if row.status == "rejected" else None,
        "executedAt": moment(row.updated_at) if row.status in ("succeeded", "failed") else None,
        "metadata": dict(row.metadata),
        "refundTicketMerchantExternalId": row.external_id,
        "versionNumber": row.version,
        "versionData": {
            "reason": row.reason,
            "requestedAmount": {"amount": format_amount(row.amount_minor, row.currency), "currency": row.currency},
        },
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.updated_at),
    }


def billing_fields(given: dict[str, Any]) -> dict[str, str]:
    """Billing details of a request as our forms name them; `postalCode` is `postcode`, too."""
    names = {
        "country": "country", "state": "state", "businessName": "business_name", "taxId": "tax_id", "postcode": "postal_code",
        "postalCode": "postal_code", "name": "name", "line1": "line1", "line2": "line2", "city": "city",
    }  # fmt: skip
    told = {ours: str(given[theirs]) for theirs, ours in names.items() if given.get(theirs)}
    return {**told, **({"is_business": "true" if given["isBusiness"] else "false"} if "isBusiness" in given else {})}
