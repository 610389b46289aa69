"""A buyer: an e-mail address within one store and environment."""

import re
from dataclasses import dataclass
from datetime import datetime

import idna

from portico.domain.errors import FieldError, Invalid

LONGEST_EMAIL = 254  # RFC 5321 4.5.3.1.3, less the angle brackets
_LONGEST_LOCAL = 64
_EXAMPLE = "name@example.com"
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_TOP_LABEL = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Buyer:
    """`email` is canonical (see `canonical_email`); mail goes to this stored address only. `locale` is a language tag of the registry."""

    id: str
    email: str
    external_id: str | None
    name: str
    locale: str | None
    created_at: datetime


def canonical_email(text: str) -> str:
    """The one form under which an address is stored and looked up: local part ASCII lower case, domain as IDNA A-labels.

    Two texts are the same buyer when this gives the same bytes, on any database. `+tag` and dots stay distinct. Refused,
    as Invalid(email_format): quoted or non-ASCII local parts, control and invisible characters, more than 254 characters,
    address literals, and any character that is not ASCII but folds to it (U+212A KELVIN SIGN -> k, as in CVE-2019-19844).
    """
    local, at, domain = text.strip(" \t").rpartition("@")
    if not at or len(text) > 4 * LONGEST_EMAIL or len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise _wrong_email()
    email = f"{local.lower()}@{_canonical_domain(domain)}"
    if len(email) > LONGEST_EMAIL:
        raise _wrong_email()
    return email


def masked_email(email: str) -> str:
    """An address that its owner knows again, and nobody else learns: "a•••@example.com"."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _canonical_domain(domain: str) -> str:
    try:
        if any(not c.isascii() and _turns_ascii(c) for c in domain):
            raise _wrong_email()
        canonical = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    except UnicodeError:  # idna.IDNAError is one
        raise _wrong_email() from None
    labels = canonical.split(".")
    if len(labels) < 2 or not _TOP_LABEL.fullmatch(labels[-1]):
        raise _wrong_email()
    return canonical


def _turns_ascii(character: str) -> bool:
    """Whether IDNA mapping makes an ASCII character of it, or nothing at all: two texts would then be one domain."""
    mapped = idna.uts46_remap(character, std3_rules=True)
    return not mapped or any(c.isascii() for c in mapped)


def _wrong_email() -> Invalid:
    return Invalid([FieldError("email", "email_format", _EXAMPLE)])
