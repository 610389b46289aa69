"""The words for our codes. The lower layers speak in stable codes ("past_due", "postal_code_format"); here they become text.

Each table maps a code to its English text; the text is the key into the catalogues. A context ("order status") keeps apart
what English says alike and other languages do not: a cancelled order, subscription and payment differ in gender in half of them.
A test walks the domain for codes and fails when one has no words.
"""

import functools
from collections.abc import Callable, Iterable
from typing import Literal

from portico.domain.errors import FieldError
from portico.domain.payment import PaymentMethod
from portico.i18n.catalog import N_, NP_, Message, catalog, fill
from portico.i18n.einvoice_words import EINVOICE_WHY_NOT, OTHER_EINVOICE
from portico.i18n.error_words import ERRORS, ERRORS_OF_A_COUNTRY, OTHER_ERROR
from portico.i18n.format import formats
from portico.i18n.label_words import LABELS
from portico.i18n.languages import by_tag
from portico.i18n.refund_words import TICKET_NOTES, TICKET_STATUSES
from portico.i18n.why_not_words import OTHER, WHY_NOT

StatusOf = Literal["order", "subscription", "payment", "attempt", "refund", "ticket"]

_SUBSCRIPTION_STATUSES = {
    "pending": NP_("subscription status", "Not started"),
    "trialing": NP_("subscription status", "Trial"),
    "active": NP_("subscription status", "Active"),
    "past_due": NP_("subscription status", "Payment overdue"),
    "paused": NP_("subscription status", "Paused"),
    "canceling": NP_("subscription status", "Ends soon"),
    "canceled": NP_("subscription status", "Canceled"),
    "expired": NP_("subscription status", "Expired"),
    "closed": NP_("subscription status", "Closed"),
}
_ORDER_STATUSES = {
    "pending": NP_("order status", "Awaiting payment"),
    "completed": NP_("order status", "Paid"),
    "canceled": NP_("order status", "Canceled"),
    "partially_refunded": NP_("order status", "Partly refunded"),
    "refunded": NP_("order status", "Refunded"),
}
_PAYMENT_STATUSES = {
    "pending": NP_("payment status", "In progress"),
    "succeeded": NP_("payment status", "Paid"),
    "failed": NP_("payment status", "Failed"),
    "canceled": NP_("payment status", "Canceled"),
    "unknown": NP_("payment status", "Being checked"),
}
_ATTEMPT_STATUSES = {
    "pending": NP_("payment attempt", "In progress"),
    "succeeded": NP_("payment attempt", "Went through"),
    "failed": NP_("payment attempt", "Failed"),
    "canceled": NP_("payment attempt", "Canceled"),
    "unknown": NP_("payment attempt", "Being checked"),
}
_REFUND_STATUSES = {
    "pending": NP_("refund status", "On its way"),
    "succeeded": NP_("refund status", "Refunded"),
    "failed": NP_("refund status", "Failed"),
}
STATUSES: dict[StatusOf, dict[str, Message]] = {
    # The order that carries a subscription has the subscription's own status, and is called what the subscription is called.
    "order": {**_SUBSCRIPTION_STATUSES, **_ORDER_STATUSES},
    "subscription": _SUBSCRIPTION_STATUSES,
    "payment": _PAYMENT_STATUSES,
    "attempt": _ATTEMPT_STATUSES,
    "refund": _REFUND_STATUSES,
    "ticket": TICKET_STATUSES,
}

KINDS = {
    "invoice": N_("Invoice"),
    "receipt": N_("Receipt"),
    "credit_note": N_("Credit note"),
    "one_time": N_("One-time purchase"),
    "subscription": N_("Subscription"),
}

INTERVALS = {
    "week": NP_("billing interval", "Weekly"),
    "month": NP_("billing interval", "Monthly"),
    "quarter": NP_("billing interval", "Quarterly"),
    "year": NP_("billing interval", "Yearly"),
}
PRICES = {
    "week": N_("{amount} per week"),
    "month": N_("{amount} per month"),
    "quarter": N_("{amount} per quarter"),
    "year": N_("{amount} per year"),
}

_DECLINED = N_("Your bank declined the card without giving a reason. Please ask your bank or use another card.")
FAILURES = {
    "insufficient_funds": N_("There was not enough money on the card. Please top it up or use another card."),
    "card_declined": _DECLINED,
    "expired_card": N_("The card has expired. Please use a card that is still valid."),
    "incorrect_details": N_("The card details didn’t match. Please check the number, the expiry date and the security code."),
    "authentication_required": N_("Your bank asked you to confirm this payment, and that didn’t happen. Please try again and confirm it."),
    "limit_exceeded": N_("The payment was above the limit of the card. Please ask your bank to raise it or use another card."),
    # Said like any other refusal: banks ask that whoever holds the card is not told it was reported.
    "lost_or_stolen": _DECLINED,
    "processing_error": N_("The payment couldn’t be processed. You weren’t charged. Please try again later."),
    "no_payment_method": N_("There is no card to charge. Please add one."),
}
OTHER_FAILURE = N_("The payment didn’t go through. Please try again or use another card.")

# Beside a rate in the table of taxes.
TAX_REASONS = {
    "standard": N_("Standard rate"),
    "reduced": N_("Reduced rate"),
    "zero": N_("Zero rate"),
    "reverse_charge": N_("Reverse charge"),
    "exempt": N_("Exempt from tax"),
    "outside_scope": N_("Outside the scope of tax"),
}
# What a document has to say when it shows no tax. "Reverse charge" is a prescribed word: Directive 2006/112/EC art. 226 (11a);
# each EU language uses the word of the directive's own text in that language.
TAX_NOTES = {
    "reverse_charge": N_("Reverse charge: the customer accounts for the tax"),
    "zero": N_("Zero-rated supply"),
    "exempt": N_("This supply is exempt from tax"),
    "outside_scope": N_("This supply is outside the scope of tax"),
}

# Names of their owners, the same in every language.
_CARD_BRANDS = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "discover": "Discover",
    "diners": "Diners Club",
    "jcb": "JCB",
    "unionpay": "UnionPay",
    "maestro": "Maestro",
    "cartes_bancaires": "Cartes Bancaires",
    "elo": "Elo",
    "hipercard": "Hipercard",
    "troy": "Troy",
    "mir": "Mir",
    "mada": "mada",
    "eftpos_au": "eftpos",
    "interac": "Interac",
}
_CARD = N_("{brand} ending in {last4}")
_NAMELESS_CARD = N_("Card ending in {last4}")


def status_word(tag: str, code: str, of: StatusOf) -> str:
    """The status of an order, subscription, payment, attempt, refund or refund ticket in a word or two. Say which: "failed"
    differs."""
    return catalog(tag).message(STATUSES[of][code])


def kind_word(tag: str, code: str) -> str:
    """What a document or an order is: "Invoice", "Receipt", "One-time purchase", "Subscription"."""
    return catalog(tag).message(KINDS[code])


def interval_word(tag: str, code: str) -> str:
    """How often a plan is billed: "Monthly"."""
    return catalog(tag).message(INTERVALS[code])


def price_per(tag: str, amount: str, interval: str) -> str:
    """A written amount with its interval: "€29.00 per month"."""
    return fill(catalog(tag).message(PRICES[interval]), amount=amount)


def failure_reason(tag: str, code: str | None) -> str:
    """Why a charge failed and what to do, in a sentence or two; also for a code we do not know, or none."""
    return catalog(tag).message(FAILURES.get(code or "", OTHER_FAILURE))


def why_not(tag: str, code: str) -> str:
    """Why something is not possible and what to do instead, in a sentence or two; also for a code we do not know."""
    return catalog(tag).message(WHY_NOT.get(code, OTHER))


def einvoice_why_not(tag: str, code: str) -> str:
    """Why a document has no e-invoice, in a sentence or two; also for a code we do not know."""
    return catalog(tag).message(EINVOICE_WHY_NOT.get(code, OTHER_EINVOICE))


def ticket_note(tag: str, code: str) -> str:
    """What the status of a request for money back means, in a sentence."""
    return catalog(tag).message(TICKET_NOTES[code])


def error_text(tag: str, code: str, example: str = "", country: str = "") -> str:
    """What is wrong and how to put it right; `example` is shown where the sentence has room for one, and `country` (ISO 3166-1
    alpha-2) named where it is about one. A place that is missing in a country has one of its cities for an example."""
    without, with_example = (ERRORS_OF_A_COUNTRY if country else ERRORS).get(code) or ERRORS.get(code, (OTHER_ERROR, None))
    if code == "required" and country:
        example = example or formats(tag).city(country)
    if example and by_tag(tag).direction == "rtl":
        example = f"\u2068{example}\u2069"  # else 2026-11-22 would be read as 22-11-2026
    named = formats(tag).country(country) if country else ""
    return fill(catalog(tag).message(with_example if example and with_example else without), example=example, country=named)


def field_errors(tag: str, errors: Iterable[FieldError]) -> dict[str, str]:
    """What is wrong with each field, by the field's name; the first of what is wrong with it."""
    said: dict[str, str] = {}
    for error in errors:
        said.setdefault(error.field, error_text(tag, error.code, error.example, error.country))
    return said


def label(tag: str, code: str) -> str:
    """The label of a form field."""
    return catalog(tag).message(LABELS[code])


def tax_reason(tag: str, code: str) -> str:
    """Why a rate applies, in a word or two."""
    return catalog(tag).message(TAX_REASONS[code])


def tax_note(tag: str, code: str) -> str:
    """The sentence a document must carry for this reason; empty when the law asks for none."""
    note = TAX_NOTES.get(code)
    return catalog(tag).message(note) if note else ""


def card(tag: str, method: PaymentMethod | None) -> str:
    """ "Visa ending in 4242"; empty without a method."""
    if method is None:
        return ""
    brand = _CARD_BRANDS.get(method.brand.lower())
    if brand is None:
        return fill(catalog(tag).message(_NAMELESS_CARD), last4=method.last4)
    return fill(catalog(tag).message(_CARD), brand=brand, last4=method.last4)


def filters(tag: str) -> dict[str, Callable[..., str]]:
    """The tables as template filters, for one language."""
    of = functools.partial
    return {
        "status": functools.cache(of(status_word, tag)),  # lists ask for a few statuses over and over
        "kind": of(kind_word, tag),
        "interval": of(interval_word, tag),
        "per_interval": of(price_per, tag),
        "failure": of(failure_reason, tag),
        "why_not": of(why_not, tag),
        "einvoice_why_not": of(einvoice_why_not, tag),
        "ticket_note": of(ticket_note, tag),
        "error_text": of(error_text, tag),
        "label": of(label, tag),
        "tax_reason": of(tax_reason, tag),
        "tax_note": of(tax_note, tag),
        "card": functools.lru_cache(maxsize=1024)(of(card, tag)),
    }
