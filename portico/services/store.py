"""Stores: made and listed by an operator."""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portico.domain.buyer import canonical_email
from portico.domain.errors import FieldError, Invalid
from portico.domain.invoice import Seller
from portico.i18n.languages import DEFAULT
from portico.i18n.negotiate import lookup
from portico.services import taxation
from portico.services.runtime import Runtime
from portico.storage import store as stores
from portico.storage.store import StoreRow

DEFAULT_ACCENT = "#2457d6"
# Words that are, or may become, the first part of a path that is no store's.
RESERVED_SLUGS = frozenset({
    "test", "static", "api", "console", "healthz", "readyz", "metrics", "portico", "waffo", "webhooks", "sandbox", "well-known",
    "v1", "openapi", "checkout", "docs",
})  # fmt: skip
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_COLOR = re.compile(r"#[0-9a-f]{6}")


def create(
    runtime: Runtime,
    *,
    name: str,
    slug: str,
    seller: Seller | None = None,
    locale: str = DEFAULT,
    time_zone: str = "UTC",
    support_email: str = "",
    accent_color: str = DEFAULT_ACCENT,
    merchant_id: str | None = None,
) -> StoreRow:
    """A new store, with a merchant of its own unless `merchant_id` names one. `seller` is what documents print; it defaults to
    the name alone, and invoices need more than that. Raises Invalid with every wrong field, Refused("slug_taken")."""
    _check(name, slug, locale=locale, time_zone=time_zone, support_email=support_email, accent_color=accent_color)
    row = StoreRow(
        id=runtime.new_id("STO"),
        merchant_id=merchant_id or runtime.new_id("MER"),
        slug=slug,
        name=name.strip(),
        locale=lookup(locale) or DEFAULT,
        time_zone=time_zone,
        support_email=canonical_email(support_email) if support_email else "",
        accent_color=accent_color.lower(),
        seller=seller or Seller(legal_name=name.strip()),
    )
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        if merchant_id is None:
            stores.create_merchant(tx, row.merchant_id, row.name, now)
        stores.create(tx, row, now)
    return row


def find(runtime: Runtime, name: str) -> StoreRow | None:
    """The store by its slug, or by its id."""
    with runtime.database.read() as connection:
        found = stores.by_slug(connection, name)
        return found or next((store for store in stores.every(connection) if store.id == name), None)


def every(runtime: Runtime) -> tuple[StoreRow, ...]:
    """All stores, oldest first."""
    with runtime.database.read() as connection:
        return stores.every(connection)


def set_seller(runtime: Runtime, row: StoreRow, seller: Seller) -> StoreRow:
    """What the store's documents print about it from now on, and from where it sells, which its tax follows. Those that are issued
    keep what they say. Gives the store as it is."""
    with runtime.database.transaction() as tx:
        stores.set_seller(tx, row.id, seller)
        changed = stores.get(tx, row.id)
    taxation.refresh_store(runtime, row.id)
    return changed


def faults_of_looks(name: str, support_email: str, accent_color: str) -> Iterator[FieldError]:
    """What is wrong with what buyers see of a store."""
    if not name.strip() or len(name) > 100 or not name.isprintable():
        yield FieldError("name", "name_format")
    if not _COLOR.fullmatch(accent_color.lower()):
        yield FieldError("accent_color", "color_format", DEFAULT_ACCENT)
    if support_email:
        try:
            canonical_email(support_email)
        except Invalid as invalid:
            yield from (FieldError("support_email", e.code, e.example) for e in invalid.errors)


def _check(name: str, slug: str, *, locale: str, time_zone: str, support_email: str, accent_color: str) -> None:
    errors = list(faults_of_looks(name, support_email, accent_color))
    if not _SLUG.fullmatch(slug):
        errors.append(FieldError("slug", "slug_format", "lumen-notes"))
    if slug in RESERVED_SLUGS:
        errors.append(FieldError("slug", "slug_reserved"))
    if lookup(locale) is None:
        errors.append(FieldError("locale", "language_unknown", "de"))
    if not _is_zone(time_zone):
        errors.append(FieldError("time_zone", "time_zone_unknown", "Europe/Berlin"))
    if errors:
        raise Invalid(errors)


def _is_zone(time_zone: str) -> bool:
    try:
        return bool(ZoneInfo(time_zone).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
