"""The test cards: what each number does. Any other number is refused unread."""

from dataclasses import dataclass
from typing import Literal

Fault = Literal["timeout_before", "timeout_after", "error_after"]
Delivery = Literal["once", "twice", "late", "first"]


@dataclass(frozen=True, slots=True)
class TestCard:
    """`refusal` is why the bank says no to a charge, `refused_when_saved` whether the card page says so already. `confirms`: the
    buyer must confirm each charge (3‑D Secure). `fault` is how the first answer about a charge goes missing; `delivery` is how
    its webhooks are sent. `months_left`: how long until it expires."""

    number: str
    title: str
    brand: str = "visa"
    refusal: str | None = None
    refused_when_saved: bool = False
    confirms: bool = False
    fault: Fault | None = None
    delivery: Delivery = "once"
    months_left: int = 40

    __test__ = False  # no test, whatever the name makes pytest think

    @property
    def last4(self) -> str:
        return self.number[-4:]


SUCCESS = "4242424242424242"
DECLINED = "4000000000000002"
INSUFFICIENT_FUNDS = "4000000000009995"
EXPIRED = "4000000000000069"
LOST = "4000000000009987"
CONFIRMS = "4000002760003184"
DECLINES_CHARGES = "4000000000000341"
EXPIRES_SOON = "4000000000008005"
TIMEOUT_BEFORE = "4000000000007015"
TIMEOUT_AFTER = "4000000000007023"
ERROR_AFTER = "4000000000007031"
WEBHOOK_TWICE = "4000000000007049"
WEBHOOK_LATE = "4000000000007056"
WEBHOOK_FIRST = "4000000000007064"

CARDS: tuple[TestCard, ...] = (
    TestCard(SUCCESS, "Succeeds"),
    TestCard("5555555555554444", "Succeeds, another brand", brand="mastercard"),
    TestCard(EXPIRES_SOON, "Succeeds, and expires at the end of next month", months_left=1),
    TestCard(CONFIRMS, "Asks the buyer to confirm each payment (3‑D Secure)", confirms=True),
    TestCard(DECLINED, "Is declined when it is saved", refusal="card_declined", refused_when_saved=True),
    TestCard(EXPIRED, "Is refused when it is saved: it has expired", refusal="expired_card", refused_when_saved=True),
    TestCard(LOST, "Is refused when it is saved: it was reported lost", refusal="lost_card", refused_when_saved=True),
    TestCard(INSUFFICIENT_FUNDS, "Can be saved, but has no money for any payment", refusal="insufficient_funds"),
    TestCard(DECLINES_CHARGES, "Can be saved, but every payment is declined", refusal="card_declined"),
    TestCard(TIMEOUT_BEFORE, "The first answer times out, nothing was charged yet", fault="timeout_before"),
    TestCard(TIMEOUT_AFTER, "The payment is charged, then the answer times out", fault="timeout_after"),
    TestCard(ERROR_AFTER, "The payment is charged, then the answer is an error", fault="error_after"),
    TestCard(WEBHOOK_TWICE, "Succeeds; each webhook is sent twice at once", delivery="twice"),
    TestCard(WEBHOOK_LATE, "Succeeds; its webhooks come late", delivery="late"),
    TestCard(WEBHOOK_FIRST, "Succeeds; its webhook comes before the answer", delivery="first"),
)
BY_NUMBER: dict[str, TestCard] = {card.number: card for card in CARDS}


def digits(typed: str) -> str:
    """A number as people type it, in groups or not."""
    return "".join(typed.split()).replace("-", "")
