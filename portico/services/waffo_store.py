"""Stores as a merchant's programs make and end them: the slug is made from the name, and an end leaves every document where it is."""

import re
import unicodedata
from dataclasses import replace

from portico.domain.errors import Refused
from portico.domain.scope import ENVIRONMENTS, StoreScope
from portico.services import store as stores_service
from portico.services.runtime import Runtime
from portico.storage import audit, webhook_endpoint
from portico.storage import checkout as checkouts
from portico.storage import product as products
from portico.storage import store as stores
from portico.storage.store import StoreRow

_LONGEST_SLUG = 40


def create(runtime: Runtime, merchant_id: str, name: str, *, actor: str) -> StoreRow:
    """Another store of a merchant there is; it has a test and a prod environment. Raises Invalid for a name that is none."""
    slug = _slug(name)
    for _ in range(5):
        try:
            made = stores_service.create(runtime, name=name, slug=slug, merchant_id=merchant_id)
        except Refused as refused:
            if refused.code != "slug_taken":
                raise
            slug = f"{_slug(name)}-{int.from_bytes(runtime.random_bytes(4), 'big') % 100_000:05}"
            continue
        with runtime.database.transaction() as tx:
            audit.record(tx, StoreScope(made.id, "prod"), actor=actor, action="store.created", subject=made.id, now=runtime.clock())
        return made
    raise Refused("slug_taken")


def delete(runtime: Runtime, row: StoreRow, *, actor: str) -> StoreRow:
    """Ends a store: nothing is on sale any more, and nobody is told anything. Subscriptions go on until they are canceled, and buyers
    still come for their documents, which the law wants kept."""
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        for environment in ENVIRONMENTS:
            scope = StoreScope(row.id, environment)
            for product in products.active(tx, scope):
                products.update(tx, scope, replace(product, active=False))
            for endpoint in webhook_endpoint.enabled_of(tx, scope):
                webhook_endpoint.disable(tx, scope, endpoint.id, reason="store_deleted")
            checkouts.cut_short(tx, scope, now)
        stores.delete(tx, row.id, now)
        audit.record(tx, StoreScope(row.id, "prod"), actor=actor, action="store.deleted", subject=row.id, now=now)
        return stores.get(tx, row.id)


def _slug(name: str) -> str:
    """ "Müller & Söhne" -> "muller-sohne"; a name without any letter of a to z is called "store"."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:_LONGEST_SLUG].strip("-")
    return slug if slug and slug not in stores_service.RESERVED_SLUGS else f"{slug}-store".strip("-")
