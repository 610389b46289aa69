"""What a refusal of the services is in the words of the Waffo surface: a status and a message, for there is no code on the wire."""

from portico.api import problem
from portico.api.field_problem import of_field
from portico.api.waffo.envelope import Layer, Notice
from portico.domain.errors import Conflict, Invalid, NotFound, PorticoError, Refused

# Codes whose status or message is not the native API's.
_MESSAGES: dict[str, tuple[int, str]] = {
    "no_gateway": (400, "No payment provider is set up for this environment"),
    "refund_ticket_open": (400, "A refund request for this payment is open already"),
    "payment_not_succeeded": (400, "The payment has not succeeded"),
    "already_refunded": (400, "The payment is refunded in full"),
    "billed_elsewhere": (400, "This was billed elsewhere and cannot be changed here"),
    "refund_amount": (400, "requestedAmount exceeds what is left of the payment"),
    "slug_taken": (409, "Store slug already exists"),
}
_FIELDS = {
    "amount": "requestedAmount.amount", "postal_code": "billingDetail.postcode", "country": "billingDetail.country",
    "state": "billingDetail.state", "tax_id": "billingDetail.taxId", "business_name": "billingDetail.businessName",
    "product_id": "productId", "order_external_id": "orderMerchantExternalId", "expires_in_seconds": "expiresInSeconds",
    "prices": "prices", "price": "priceSnapshot.amount", "trial_days": "metadata.trialDays", "event_types": "events",
    "return_url": "successUrl", "success_url": "successUrl", "email": "buyerEmail",
}  # fmt: skip


def of_error(error: PorticoError, layer: Layer) -> tuple[int, tuple[Notice, ...]]:
    """Status and errors, the root cause first."""
    match error:
        case Invalid():
            details = [(each.field.removeprefix("billing_detail/"), of_field(each).detail, each.example) for each in error.errors]
            return 400, tuple(
                Notice(f"Invalid {_FIELDS.get(name, name)}: {detail}", layer, _hint(example)) for name, detail, example in details
            )
        case NotFound():
            return 404, (Notice("Not found", layer),)
        case Conflict():
            return 409, (Notice("It changed in the meantime: read it again", layer),)
        case Refused() if error.code in _MESSAGES:
            status, message = _MESSAGES[error.code]
            return status, (Notice(message, layer),)
        case _:
            found = problem.of_error(error)[0]
            # What stands against an action is a 400 here: clients know 409 for requests that are still being answered.
            status = 400 if found.status in (409, 422) else found.status
            return status, (Notice(found.detail, layer),)


def _hint(example: str) -> str:
    return f"For example: {example}" if example else ""
