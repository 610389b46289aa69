"""A payment provider that says yes at once: with it, what is measured is Portico."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from portico.domain.payment import PaymentMethod
from portico.gateways.port import (
    Capabilities,
    CardPage,
    CardSetup,
    CardSetupResult,
    Charge,
    ChargeResult,
    GatewayEvent,
    RefundOrder,
    RefundResult,
)

_CARD = PaymentMethod("visa", "4242", 12, 2035)


class YesGateway:
    """Charges and refunds succeed; nothing is remembered."""

    name = "yes"
    page_origins: tuple[str, ...] = ()
    capabilities = Capabilities()

    def charge(self, charge: Charge) -> ChargeResult:
        return ChargeResult(charge.key, "succeeded", f"ch_{charge.key}", charge.amount_minor, charge.currency, method=_CARD)

    def find_charge(self, key: str, *, customer: str) -> ChargeResult | None:
        return None

    def cancel_charge(self, key: str, *, customer: str) -> ChargeResult | None:
        return None

    def refund(self, order: RefundOrder) -> RefundResult:
        return RefundResult(order.key, "succeeded", f"re_{order.key}", order.amount_minor, order.currency)

    def find_refund(self, key: str, *, charge_reference: str) -> RefundResult | None:
        return None

    def refunds_of(self, charge_reference: str) -> Sequence[RefundResult]:
        return ()

    def save_card_page(self, setup: CardSetup) -> CardPage:
        raise NotImplementedError

    def find_card_setup(self, reference: str) -> CardSetupResult:
        raise NotImplementedError

    def parse_webhook(self, body: bytes, headers: Mapping[str, str], now: datetime) -> GatewayEvent:
        raise NotImplementedError
