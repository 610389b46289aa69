"""Buyers, as a merchant's programs keep them: known by e-mail, and by the merchant's own id."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from portico.domain import billing_detail as details
from portico.domain.billing_detail import BillingDetail
from portico.domain.buyer import Buyer, canonical_email
from portico.domain.errors import FieldError, Invalid, Refused, within
from portico.domain.product_rules import is_external_id
from portico.domain.scope import BuyerScope, StoreScope
from portico.i18n.negotiate import lookup
from portico.services import event, sign_in, store_time, tax_id_check
from portico.services.runtime import Runtime
from portico.storage import audit
from portico.storage import buyer as buyers
from portico.storage import store as stores

LONGEST_NAME = 120


def create(
    runtime: Runtime,
    scope: StoreScope,
    *,
    email: str,
    external_id: str | None = None,
    name: str = "",
    locale: str | None = None,
    billing_detail: Mapping[str, str] | None = None,
    actor: str,
) -> Buyer:
    """A new buyer, who may sign in from now on. `billing_detail` is what the portal's form of that name would hold.

    Raises Invalid with every wrong field (those of the details as "billing_detail/…"), Refused("email_taken" | "external_id_taken").
    """
    errors: list[FieldError] = []
    address = _email(email, errors)
    detail = BillingDetail()
    if billing_detail is not None:
        detail = _detail(billing_detail, address, errors) or detail
    now = runtime.clock()
    new = Buyer(runtime.new_id("BUY"), address, external_id, name.strip(), read_locale(locale, errors), now)
    _check(new, errors)
    with runtime.database.transaction() as tx:
        _check_unique(tx, scope, new)
        store = stores.get(tx, scope.store_id)
        own = keep(tx, runtime, scope, new, detail, at=store_time.now(runtime, store, scope.environment), actor=actor)
        tax_id_check.ask(tx, runtime, store, own, detail)
    return new


def keep(
    tx: sa.Connection, runtime: Runtime, scope: StoreScope, new: Buyer, detail: BillingDetail, *, at: datetime, actor: str
) -> BuyerScope:
    """Writes a new buyer, whom the store's programs are told of; `at` is the store's time. Raises Conflict when the address, or the
    merchant's id of him, is another's by now."""
    own = BuyerScope(scope.store_id, scope.environment, new.id)
    buyers.create(tx, scope, new, detail)
    event.record(tx, runtime, own, "buyer.created", new.id, at=at)
    audit.record(tx, own, actor=actor, action="buyer.created", subject=new.id, now=runtime.clock())
    return own


def update(runtime: Runtime, scope: BuyerScope, *, actor: str, **changes: str | None) -> Buyer:
    """The buyer with these of `email`, `external_id`, `name` and `locale` changed. With another address every session ends, and every
    link that was sent to the old one: who reads that mailbox may be somebody else.

    Raises NotFound, Invalid, Refused("email_taken" | "external_id_taken").
    """
    errors: list[FieldError] = []
    if "email" in changes:
        changes["email"] = _email(changes["email"] or "", errors)
    if "name" in changes:
        changes["name"] = (changes["name"] or "").strip()
    if "locale" in changes:
        changes["locale"] = read_locale(changes["locale"], errors)
    with runtime.database.transaction() as tx:
        before = buyers.lock(tx, scope)
        after = replace(before, **changes)
        _check(after, errors)
        if after == before:
            return before
        _check_unique(tx, scope, after)
        buyers.update(tx, scope, after)
        if after.email != before.email:
            sign_in.end_every_session(tx, runtime, scope, before.email, actor=actor)
        at = store_time.now(runtime, stores.get(tx, scope.store_id), scope.environment)
        event.record(tx, runtime, scope, "buyer.updated", after.id, at=at)
        audit.record(tx, scope, actor=actor, action="buyer.updated", subject=after.id, now=runtime.clock())
    return after


def _email(text: str, errors: list[FieldError]) -> str:
    try:
        return canonical_email(text)
    except Invalid as invalid:
        errors += invalid.errors
        return ""


def read_locale(text: str | None, errors: list[FieldError]) -> str | None:
    """The language of ours that a program's tag means; one that we do not speak goes to `errors`."""
    tag = lookup(text) if text is not None else None
    if text is not None and tag is None:
        errors.append(FieldError("locale", "language_unknown", "de"))
    return tag


def _detail(raw: Mapping[str, str], email: str, errors: list[FieldError]) -> BillingDetail | None:
    try:
        return details.validate(raw, own_email=email)
    except Invalid as invalid:
        errors += within("billing_detail", invalid.errors)
        return None


def _check(buyer: Buyer, errors: list[FieldError]) -> None:
    if len(buyer.name) > LONGEST_NAME or (buyer.name and not buyer.name.isprintable()):
        errors.append(FieldError("name", "name_format"))
    if buyer.external_id is not None and not is_external_id(buyer.external_id):
        errors.append(FieldError("external_id", "external_id_format"))
    if errors:
        raise Invalid(errors)


def _check_unique(tx: sa.Connection, scope: StoreScope, buyer: Buyer) -> None:
    found = buyers.by_email(tx, scope, buyer.email)
    if found is not None and found.id != buyer.id:
        raise Refused("email_taken")
    found = buyers.by_external_id(tx, scope, buyer.external_id) if buyer.external_id is not None else None
    if found is not None and found.id != buyer.id:
        raise Refused("external_id_taken")
