"""How often a mail may be asked for and a code be tried. Counted before anything is looked up, and for any address alike."""

from datetime import datetime

import sqlalchemy as sa

from portico.domain.scope import StoreScope
from portico.domain.sign_in import FAILED_CODES_PER_DAY, MAILS_PER_15_MIN, MAILS_PER_DAY, MAILS_PER_HOUR_PER_NETWORK
from portico.services import network as networks
from portico.services.secrets import KnownBrowser, keyed
from portico.storage import rate_limit
from portico.storage.rate_limit import is_within

MAILS_PER_HOUR_PER_STORE = 3_000  # a bound on what a flood from everywhere can make the mail server send

_QUARTER, _HOUR, _DAY = 900, 3_600, 86_400


def over_limit(
    tx: sa.Connection,
    secret: bytes,
    scope: StoreScope,
    *,
    email_hash: bytes,
    network: str,
    known_browser: KnownBrowser | None,
    now: datetime,
) -> bool:
    """Counts one request for a mail and tells whether it is one too many. Always the same statements.

    A browser that has signed in to the address before has its own counts, and no stranger's requests bear on it.
    """
    who = ("browser", known_browser.id) if known_browser else ("address", email_hash)
    counts = (
        is_within(tx, keyed(secret, "mails in 15 minutes", *who), now, _QUARTER, MAILS_PER_15_MIN),
        is_within(tx, keyed(secret, "mails in a day", *who), now, _DAY, MAILS_PER_DAY),
        is_within(tx, keyed(secret, "mails of a network", networks.of(network)), now, _HOUR, MAILS_PER_HOUR_PER_NETWORK),
        is_within(tx, keyed(secret, "mails of a store", scope.store_id, scope.environment), now, _HOUR, MAILS_PER_HOUR_PER_STORE),
    )
    return not all(counts[:2] if known_browser else counts)


def may_try_code(tx: sa.Connection, secret: bytes, email_hash: bytes, now: datetime) -> bool:
    """Counts one code as wrong before it is looked at, so that no number of parallel guesses gets past the limit."""
    return is_within(tx, _codes_of(secret, email_hash), now, _DAY, FAILED_CODES_PER_DAY)


def code_was_right(tx: sa.Connection, secret: bytes, email_hash: bytes, now: datetime) -> None:
    """Takes back what `may_try_code` counted."""
    rate_limit.take_back(tx, _codes_of(secret, email_hash), now, _DAY)


def _codes_of(secret: bytes, email_hash: bytes) -> bytes:
    return keyed(secret, "wrong codes in a day", email_hash)
