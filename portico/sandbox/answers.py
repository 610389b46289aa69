"""What the bank tells others about its records: the shapes of its API and of its webhooks."""

from typing import Any

from portico.sandbox.records import Capture, Card, ChargeRecord, DisputeRecord, Entry, RefundRecord, Setup

Json = dict[str, Any]


def confirm_url(base_url: str, charge: ChargeRecord) -> str:
    return f"{base_url}/confirm/{charge.id}"


def card_page_url(base_url: str, setup: Setup) -> str:
    return f"{base_url}/card/{setup.id}"


def of_charge(charge: ChargeRecord, base_url: str) -> Json:
    request = charge.request
    return {
        "id": charge.id,
        "key": request.key,
        "status": charge.status,
        "amount_minor": request.amount_minor,
        "currency": request.currency,
        "refusal": charge.refusal,
        "action_url": confirm_url(base_url, charge) if charge.status == "requires_action" else None,
        "card": charge.card and of_card(charge.card),
        "metadata": dict(request.metadata),
    }


def of_refund(refund: RefundRecord) -> Json:
    request = refund.request
    return {
        "id": refund.id,
        "key": request.key,
        "status": refund.status,
        "charge": request.charge,
        "charge_key": refund.charge_key,
        "amount_minor": request.amount_minor,
        "currency": request.currency,
    }


def of_dispute(dispute: DisputeRecord) -> Json:
    request = dispute.charge.request
    return {
        "id": dispute.id,
        "charge": dispute.charge.id,
        "charge_key": request.key,
        "status": dispute.status,
        "amount_minor": request.amount_minor,
        "currency": request.currency,
        "reason": dispute.reason,
    }


def of_setup(setup: Setup, base_url: str) -> Json:
    return {
        "id": setup.id,
        "key": setup.request.key,
        "status": setup.status,
        "url": card_page_url(base_url, setup),
        "card": setup.card and of_card(setup.card),
    }


def of_card(card: Card) -> Json:
    """What may be known of a card, and by which ids it is charged."""
    return {
        "id": card.id,
        "customer": card.customer,
        "brand": card.brand,
        "last4": card.last4,
        "expiry_month": card.expiry_month,
        "expiry_year": card.expiry_year,
    }


def of_capture(capture: Capture) -> Json:
    return {
        "key": capture.key,
        "reference": capture.reference,
        "amount_minor": capture.amount_minor,
        "currency": capture.currency,
        "customer": capture.customer,
        "method": capture.method,
        "captured_at": capture.captured_at.isoformat(),
        "refunded_minor": capture.refunded_minor,
        "metadata": dict(capture.metadata),
    }


def of_event(entry: Entry, base_url: str) -> Json | None:
    """The webhook about a line of the ledger; None for one that is nobody else's business. Its id is the same whenever it is
    sent, since it is made of the line."""
    if entry.charge is not None:
        subject, data = entry.charge.id, of_charge(entry.charge, base_url)
    elif entry.refund is not None:
        subject, data = entry.refund.id, of_refund(entry.refund)
    elif entry.dispute is not None:
        subject, data = entry.dispute.id, of_dispute(entry.dispute)
    elif entry.setup is not None and entry.setup.status != "open":
        subject, data = entry.setup.id, of_setup(entry.setup, base_url)
    else:
        return None
    return {"id": f"evt_{entry.sequence}_{subject}", "type": entry.type, "created": entry.at.isoformat(), "data": data}
