"""What every use case is given: the database, the mailer, and the only clock and randomness there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from portico.domain.ids import Prefix

if TYPE_CHECKING:
    from portico.mail.transport import Mailer
    from portico.storage.database import Database


@dataclass(frozen=True, slots=True)
class Runtime:
    """Made once by `portico.app.build`, then only read.

    `clock()` is the time now, aware, in UTC. `new_id("ORD")` is a fresh public id; ids of one process never sort before
    an earlier one. `origin` is "https://host" without a slash at the end; links are made from it and nothing else.
    `secret` is the installation's secret as bytes: derive from it, never send it.
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
