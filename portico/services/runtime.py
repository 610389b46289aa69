"""What every use case is given: the database, the mailer, and the only clock and randomness there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from portico.domain.ids import Prefix
from portico.domain.scope import Environment

if TYPE_CHECKING:
    from portico.gateways.http_out import HttpOut
    from portico.gateways.port import PaymentGateway
    from portico.gateways.vat_register import VatRegister
    from portico.mail.transport import Mailer
    from portico.storage.database import Database


@dataclass(frozen=True, slots=True)
class Runtime:
    """Made once by `portico.app.build`, then only read.

    `clock()` is the time now, aware, in UTC. `new_id("ORD")` is a fresh public id; ids of one process never sort before
    an earlier one. `origin` is "https://host" without a slash at the end; links are made from it and nothing else.
    `gateways` has the payment provider of each environment that has one; without one nothing is ever charged.
    `vat_register` is where EU VAT ids are looked up, for the stores that want it.
    `api_requests_per_minute` is what one API key may ask of one process, `api_failures_per_minute` what one network may without one.
    `waffo_past_seconds` and `waffo_future_seconds` say when a signed request of the Waffo surface may have been signed.
    `http_out` posts to the addresses that stores want webhooks at; with `webhooks_to_loopback` this very machine may be one.
    `retry_days` is the ladder of a failed renewal, in days counted from its first failure. `secret` is the installation's secret as
    bytes: derive from it, never send it.
    """

    database: Database
    mailer: Mailer
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    new_id: Callable[[Prefix], str]
    secret: bytes = field(repr=False)  # so that no traceback that prints its variables prints this one
    origin: str
    mail_from: str
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    metrics: bool = False
    gateways: Mapping[Environment, PaymentGateway] = field(default_factory=dict[Environment, "PaymentGateway"])
    retry_days: tuple[int, ...] = (1, 3, 5, 7)
    vat_register: VatRegister | None = None
    http_out: HttpOut | None = None
    webhooks_to_loopback: bool = False
    api_requests_per_minute: int = 600
    api_failures_per_minute: int = 30
    waffo_past_seconds: int = 2700
    waffo_future_seconds: int = 60
