"""The composition root: settings become a database, a mailer, a clock and a secret.

The only place that wires, and the only one that asks the machine for the time, for randomness and for new ids.
"""

import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from typing import cast
from uuid import UUID

from portico.config import Settings, SettingsError
from portico.domain.ids import Prefix, encode
from portico.domain.scope import ENVIRONMENTS, Environment
from portico.gateways.http_out import Answer, HttpOut
from portico.gateways.port import PaymentGateway
from portico.gateways.vat_register import VatAnswer, VatRegister
from portico.mail.transport import FileMailer, Mailer, SmtpMailer
from portico.services.runtime import Runtime
from portico.storage.database import Database

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TAIL_BITS = 74  # a UUIDv7 is 48 bits of milliseconds, 6 fixed bits and 74 free ones
_SECRET_IS_MISSING = "PORTICO_SECRET: is not set; make one with: openssl rand -base64 48"  # noqa: S105 (a message)
_SENDER_IS_MISSING = "PORTICO_MAIL_FROM: is not set; it is the address sign-in mails come from, such as portal@example.com"


def system_clock() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


def system_random(count: int) -> bytes:
    """`count` bytes from the operating system's generator."""
    return os.urandom(count)


def build(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = system_clock,
    random_bytes: Callable[[int], bytes] = system_random,
) -> Runtime:
    """The one Runtime of this process. Raises SettingsError when something it needs is not set."""
    if not settings.secret.get_secret_value():
        raise SettingsError(_SECRET_IS_MISSING)
    if settings.mailer == "smtp" and not settings.mail_from:
        raise SettingsError(_SENDER_IS_MISSING)
    return Runtime(
        database=open_database(settings),
        mailer=_mailer(settings),
        clock=clock,
        random_bytes=random_bytes,
        new_id=id_maker(clock, random_bytes),
        secret=settings.secret.get_secret_value().encode(),
        origin=settings.origin,
        mail_from=settings.mail_from or "portal@localhost",
        trusted_proxies=settings.trusted_proxies,
        metrics=settings.metrics,
        gateways={environment: gateway for environment in ENVIRONMENTS if (gateway := _gateway(settings, environment))},
        retry_days=settings.retry_days,
        vat_register=_WhenAsked(settings.vies_url),
        http_out=_WhenPosting(loopback=settings.webhook_targets == "loopback"),
        webhooks_to_loopback=settings.webhook_targets == "loopback",
        api_requests_per_minute=settings.api_requests_per_minute,
        api_failures_per_minute=settings.api_failures_per_minute,
        waffo_past_seconds=settings.waffo_past_seconds,
        waffo_future_seconds=settings.waffo_future_seconds,
    )


def open_database(settings: Settings) -> Database:
    """The database alone, for commands that need nothing else."""
    return Database(settings.database_url)


def _mailer(settings: Settings) -> Mailer:
    if settings.mailer == "file":
        return FileMailer(settings.mail_dir)
    return SmtpMailer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        ca_file=settings.smtp_ca_file,
        timeout_seconds=settings.smtp_timeout_seconds,
    )


def _gateway(settings: Settings, environment: Environment) -> PaymentGateway | None:
    """The payment provider of an environment. Its module is loaded where it is used only: Stripe's library costs a process half a
    second and 30 MB."""
    secrets = settings.model_dump()
    chosen = secrets[f"{environment}_gateway"]
    if chosen == "none":
        return None
    module = import_module(f"portico.gateways.{chosen}")
    try:
        if chosen == "stripe":
            signed_with = secrets[f"stripe_{environment}_webhook_secret"].get_secret_value().split(",")
            return module.StripeGateway(secrets[f"stripe_{environment}_key"].get_secret_value(), [each.strip() for each in signed_with])
        key, signed_with = settings.sandbox_key.get_secret_value(), settings.sandbox_webhook_secret.get_secret_value()
        return module.SandboxGateway(settings.sandbox_url, key, signed_with, account=environment)
    except ValueError as error:
        raise SettingsError(f"PORTICO_{environment.upper()}_GATEWAY={chosen}: {error}") from None


class _WhenAsked:
    """VIES. Its module is loaded when something is asked, which most installations never do: its HTTP client costs a start a tenth of
    a second."""

    def __init__(self, url: str) -> None:
        self._load = cache(lambda: cast(VatRegister, import_module("portico.gateways.vies").Vies(url)))

    def ask(self, vat_id: str, *, asked_by: str = "") -> VatAnswer:
        return self._load().ask(vat_id, asked_by=asked_by)


class _WhenPosting:
    """The way out to webhooks, loaded with the first one."""

    def __init__(self, *, loopback: bool) -> None:
        self._load = cache(lambda: cast(HttpOut, import_module("portico.gateways.guarded_http").GuardedHttp(loopback=loopback)))

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return self._load().post(url, body, headers)


def id_maker(clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]) -> Callable[[Prefix], str]:
    """A function that makes public ids holding UUIDv7 (RFC 9562 section 5.7).

    Ids of one maker only ever grow: within a millisecond, or while the clock is set back, the random tail of the last id
    is raised by a random step (RFC 9562 section 6.2, method 2), so that an id still cannot be guessed from its neighbour.
    """
    lock = threading.Lock()
    last_ms, tail = -1, 0

    def new_id(prefix: Prefix) -> str:
        nonlocal last_ms, tail
        elapsed = clock() - _EPOCH
        ms = (elapsed.days * 86_400 + elapsed.seconds) * 1000 + elapsed.microseconds // 1000
        with lock:
            if ms > last_ms:
                last_ms, tail = ms, int.from_bytes(random_bytes(10), "big") >> (80 - _TAIL_BITS + 1)  # the top bit stays free to count into
            else:
                tail += 1 + int.from_bytes(random_bytes(6), "big")
                if tail >> _TAIL_BITS:
                    last_ms, tail = last_ms + 1, tail & ((1 << _TAIL_BITS) - 1)
            stamp, low = last_ms, tail
        return encode(prefix, UUID(int=stamp << 80 | 0x7 << 76 | (low >> 62) << 64 | 0b10 << 62 | low & ((1 << 62) - 1)))

    return new_id
