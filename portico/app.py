"""The composition root: settings become a database, a mailer, a clock and a secret. The only place that wires."""

from collections.abc import Callable
from datetime import datetime

from portico.clock import id_maker, system_clock, system_random
from portico.config import Settings, SettingsError
from portico.mail.transport import FileMailer, Mailer, SmtpMailer
from portico.services.runtime import Runtime
from portico.storage.database import Database

_NO_SECRET = "PORTICO_SECRET: is not set; make one with: openssl rand -base64 48"
_NO_SENDER = "PORTICO_MAIL_FROM: is not set; it is the address sign-in mails come from, such as portal@example.com"


def build(settings: Settings, *, clock: Callable[[], datetime] = system_clock, random_bytes: Callable[[int], bytes] = system_random) -> Runtime:
    """The one Runtime of this process. Raises SettingsError when something it needs is not set."""
    if not settings.secret.get_secret_value():
        raise SettingsError(_NO_SECRET)
    if settings.mailer == "smtp" and not settings.mail_from:
        raise SettingsError(_NO_SENDER)
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
        timeout_seconds=settings.smtp_timeout_seconds,
    )
