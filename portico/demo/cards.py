"""The buyers' cards at the sandbox, the demo's payment provider, and the charges that the money of the last months came from."""

from datetime import datetime, timedelta
from typing import Any

from portico.demo import people
from portico.demo.people import Person
from portico.domain.money import parse_amount
from portico.domain.scope import Environment
from portico.sandbox import cards
from portico.sandbox.bank import Bank
from portico.sandbox.records import ChargeRequest

# What each of them pays with; everybody else has a card that works.
_NUMBERS = {
    people.KRANICH.id: "5555555555554444",
    people.ALPEN.id: "5555555555554444",
    people.PAULO.id: cards.INSUFFICIENT_FUNDS,
    people.CLAIRE.id: cards.EXPIRES_SOON,
    people.SOFIA.id: cards.CONFIRMS,
}
_REFUNDABLE = timedelta(days=90)

Wallet = dict[str, dict[str, Any]]  # person's id -> the fields of a subscription's line


def wallet(bank: Bank) -> Wallet:
    """A saved card for everybody who pays by card, as a subscription's line tells of it."""
    return {person.id: _saved(bank, person) for person in people.EVERYONE if person.card}


def charged(bank: Bank, lines: list[dict[str, Any]], known: Wallet, environment: Environment, now: datetime) -> list[dict[str, Any]]:
    """The lines, the newer payments among them with the charge that they were, so that they can be refunded."""
    buyers = {line["id"]: line["buyer"] for line in lines if line["type"] == "order"}
    given_back = {line["payment"] for line in lines if line["type"] == "refund"}
    told: list[dict[str, Any]] = []
    for line in lines:
        card = known.get(buyers[line["order"]]) if _has_money(line, now) and line["id"] not in given_back else None
        told.append(line if card is None else {**line, "charge": _charge(bank, line, card["saved_card"], environment)})
    return told


def _has_money(line: dict[str, Any], now: datetime) -> bool:
    return line["type"] == "payment" and line["status"] == "succeeded" and now - datetime.fromisoformat(line["succeeded_at"]) < _REFUNDABLE


def _saved(bank: Bank, person: Person) -> dict[str, Any]:
    card = bank.save_card(person.email, _NUMBERS.get(person.id, cards.SUCCESS))
    shown = {"brand": card.brand, "last4": card.last4, "expiry_month": card.expiry_month, "expiry_year": card.expiry_year}
    return {"card": shown, "saved_card": {"customer": card.customer, "method": card.id}}


def _charge(bank: Bank, line: dict[str, Any], card: dict[str, str], environment: Environment) -> str:
    request = ChargeRequest(
        key=f"history-{environment}-{line['id']}",
        amount_minor=parse_amount(line["total"], line["currency"]),
        currency=line["currency"],
        customer=card["customer"],
        method=card["method"],
        account=environment,
    )
    return bank.charge(request, like=cards.SUCCESS).id  # it went through then, whatever the card does now
