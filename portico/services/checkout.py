"""Checkouts: a merchant's server offers one product to one buyer at a price that is kept, and a page of ours sells it.

    create -> look, offer -> checkout_order.place -> the provider's page -> checkout_card.returned -> done

See docs/checkout.md for the whole of it, and docs/decisions/0021-checkout.md for why it is so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa

from portico.domain import billing_detail, product_rules
from portico.domain.billing_detail import BillingDetail
from portico.domain.buyer import canonical_email, masked_email
from portico.domain.catalog import Product
from portico.domain.checkout import LIFETIME, LONGEST_LIFETIME, CheckoutSession
from portico.domain.errors import FieldError, Invalid, NotFound, Refused, within
from portico.domain.ids import is_id
from portico.domain.money import LARGEST_MINOR, exponent
from portico.domain.scope import BuyerScope, Environment, StoreScope
from portico.services import checkout_offer, checkout_state, return_url, store_time
from portico.services.buyer import read_locale
from portico.services.checkout_offer import Offer
from portico.services.checkout_state import State
from portico.services.runtime import Runtime
from portico.storage import audit, order_of_store
from portico.storage import buyer as buyers
from portico.storage import checkout as checkouts
from portico.storage import product as products
from portico.storage.store import StoreRow

SHORTEST_LIFETIME = timedelta(minutes=1)
THEMES = ("light", "dark")
NOT_ASKED = ("po_number", "cost_centre", "copy_emails")  # a matter of the buyer's account: what is known is kept


@dataclass(frozen=True, slots=True)
class Asked:
    """What a merchant's server asks a checkout for. `product` is our id of it. Without a `price_minor`, per unit and before tax, it is
    the product's own in `currency`. A buyer who is named, by our id or the merchant's, is the only one who may order; an `email`
    alone is only written into the form. `billing_detail` is what the form of that name would hold."""

    product: str
    currency: str
    quantity: int | None = None
    price_minor: int | None = None
    trial: bool = True
    buyer_id: str | None = None
    buyer_external_id: str | None = None
    email: str | None = None
    billing_detail: Mapping[str, str] | None = None
    locale: str | None = None
    theme: str | None = None
    success_url: str | None = None
    cancel_url: str | None = None
    order_external_id: str | None = None
    lifetime_seconds: int | None = None
    metadata: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows to whoever looks. `email` and `detail` fill the form; where somebody else may be looking, a buyer's address
    is masked and of his details there is only the country. `offer` is None until a country is known. `trial_days` is the trial that he
    gets, as far as it is certain who he is."""

    session: CheckoutSession
    product: Product
    email: str
    email_is_fixed: bool
    detail: BillingDetail
    offer: Offer | None
    trial_days: int
    state: State


def create(runtime: Runtime, store: StoreRow, environment: Environment, asked: Asked, *, actor: str = "merchant") -> CheckoutSession:
    """A new checkout, open for 45 minutes if nothing else is asked, for a week at most.

    Raises Invalid with every wrong field, and Refused("no_gateway") for what costs something where nobody could pay it.
    """
    scope, now = StoreScope(store.id, environment), runtime.clock()
    with runtime.database.transaction() as tx:
        errors: list[FieldError] = []
        product = _product(tx, store, scope, asked.product, errors)
        unit_minor = 0 if product is None else _unit(product, asked, errors)
        quantity = 1 if product is None else _quantity(product, asked, unit_minor, errors)
        buyer_id, email = _buyer(tx, scope, asked, errors)
        detail = _detail(asked.billing_detail, email, errors)
        locale = read_locale(asked.locale, errors)
        urls = [_url(store, environment, name, getattr(asked, name), errors) for name in ("success_url", "cancel_url")]
        _check_rest(tx, scope, asked, errors)
        if errors or product is None:
            raise Invalid(errors)
        if unit_minor > 0 and environment not in runtime.gateways:
            raise Refused("no_gateway")
        lifetime = LIFETIME if asked.lifetime_seconds is None else timedelta(seconds=asked.lifetime_seconds)
        session = CheckoutSession(
            id=runtime.new_id("CHK"),
            buyer_id=buyer_id,
            email=email,
            product_id=product.id,
            product_name=product.name,
            product_version=product.version,
            kind=product.kind,
            quantity=quantity,
            currency=asked.currency,
            unit_minor=unit_minor,
            price_is_own=asked.price_minor is None,
            trial_days=product.trial_days if asked.trial and product.kind == "subscription" else 0,
            billing_detail=detail,
            locale=locale,
            theme="light" if asked.theme == "light" else "dark" if asked.theme == "dark" else None,
            success_url=urls[0],
            cancel_url=urls[1],
            order_external_id=asked.order_external_id,
            status="open",
            order_id=None,
            created_at=now,
            expires_at=now + lifetime,
            actor=actor,
            buyer_named=buyer_id is not None,
            metadata=dict(asked.metadata or {}),
        )
        checkouts.create(tx, scope, session)
        audit.record(tx, scope, actor=actor, action="checkout.created", subject=session.id, now=now)
    return session


def look(runtime: Runtime, store: StoreRow, environment: Environment, checkout_id: str, *, visitor: BuyerScope | None = None) -> Shown:
    """What a checkout's page shows. `visitor` is the buyer who is signed in to this store. Raises NotFound."""
    scope = StoreScope(store.id, environment)
    with runtime.database.read() as connection:
        session = checkouts.get(connection, scope, checkout_id)
        product = products.get(connection, scope, session.product_id)
        known = _known(scope, session, visitor)
        email, detail = _for_the_form(connection, session, known, is_here=known is not None and known == visitor)
        offered = None
        if detail.country:
            try:
                offered = _offer(connection, runtime, store, scope, session, product, detail, known)
            except Invalid:  # the form says so when it is sent
                offered = None
        trial_days = checkout_offer.trial_of(connection, scope, session, product, known)
        state = checkout_state.of_session(connection, scope, session)
    return Shown(session, product, email, known is not None, detail, offered, trial_days, state)


def offer(
    runtime: Runtime,
    store: StoreRow,
    environment: Environment,
    checkout_id: str,
    detail_raw: Mapping[str, str],
    *,
    visitor: BuyerScope | None = None,
    language: str = "en",
) -> Offer:
    """What it costs somebody with these billing details, as a form holds them. Raises NotFound, and Invalid with every wrong field."""
    scope, detail = StoreScope(store.id, environment), billing_detail.validate(detail_raw, language=language)
    with runtime.database.read() as connection:
        session = checkouts.get(connection, scope, checkout_id)
        product = products.get(connection, scope, session.product_id)
        return _offer(connection, runtime, store, scope, session, product, detail, _known(scope, session, visitor))


def _known(scope: StoreScope, session: CheckoutSession, visitor: BuyerScope | None) -> BuyerScope | None:
    """The buyer where it is certain who he is: named by the store, or signed in to it."""
    if session.buyer_named and session.buyer_id is not None:
        return BuyerScope(scope.store_id, scope.environment, session.buyer_id)
    return visitor


def _for_the_form(tx: sa.Connection, session: CheckoutSession, known: BuyerScope | None, *, is_here: bool) -> tuple[str, BillingDetail]:
    """The e-mail and the billing details to begin with. Whoever has the address of a checkout may open it, so that only who is signed
    in sees what is kept of a buyer; all others what the merchant's server said, or was typed at this checkout, while it goes on."""
    if session.status in ("completed", "expired") and not is_here:
        return masked_email(session.email) if session.email else "", BillingDetail()
    if known is None:
        return session.email or "", session.billing_detail or BillingDetail()
    own, _ = buyers.billing_detail(tx, known)
    email = buyers.get(tx, known).email
    if is_here:
        typed = session.billing_detail or own
        return email, replace(typed, **{name: getattr(typed, name) or getattr(own, name) for name in NOT_ASKED})
    return masked_email(email), session.billing_detail or BillingDetail(country=own.country, state=own.state, postal_code=own.postal_code)


def _offer(  # noqa: PLR0917
    tx: sa.Connection,
    runtime: Runtime,
    store: StoreRow,
    scope: StoreScope,
    session: CheckoutSession,
    product: Product,
    detail: BillingDetail,
    known: BuyerScope | None,
) -> Offer:
    now = store_time.now(runtime, store, scope.environment)
    return checkout_offer.work_out(tx, store, scope, session, product, detail, known=known, now=now)


def _product(tx: sa.Connection, store: StoreRow, scope: StoreScope, product_id: str, errors: list[FieldError]) -> Product | None:
    try:
        found = products.get(tx, scope, product_id) if is_id("PROD", product_id) else None
    except NotFound:
        found = None
    if found is None:
        errors.append(FieldError("product_id", "not_found"))
    elif not found.active or store.deleted_at is not None:
        errors.append(FieldError("product_id", "product_not_on_sale"))
    return found


def _unit(product: Product, asked: Asked, errors: list[FieldError]) -> int:
    """The net price of one, in minor units."""
    try:
        exponent(asked.currency)
    except Refused:
        errors.append(FieldError("currency", "currency_unknown", "EUR"))
        return 0
    if asked.price_minor is not None:
        return asked.price_minor
    if asked.currency not in product.prices:
        errors.append(FieldError("currency", "price_in_currency", ", ".join(sorted(product.prices))))
    return product.prices.get(asked.currency, 0)


def _quantity(product: Product, asked: Asked, unit_minor: int, errors: list[FieldError]) -> int:
    quantity = product.quantity_min if asked.quantity is None else asked.quantity
    if not product.quantity_min <= quantity <= product.quantity_max:
        errors.append(FieldError("quantity", "quantity_not_offered", f"{product.quantity_min}-{product.quantity_max}"))
    elif not 0 <= unit_minor * quantity <= LARGEST_MINOR // 2:  # with its tax, which is never more than the price
        errors.append(FieldError("price" if asked.price_minor is not None else "quantity", "amount_range"))
    return quantity


def _buyer(tx: sa.Connection, scope: StoreScope, asked: Asked, errors: list[FieldError]) -> tuple[str | None, str | None]:
    """The buyer who is named, and the address that is."""
    if asked.buyer_id is not None or asked.buyer_external_id is not None:
        field, found = "buyer_id", None
        if asked.buyer_id is None:
            field, found = "buyer_external_id", buyers.by_external_id(tx, scope, asked.buyer_external_id or "")
        elif is_id("BUY", asked.buyer_id):
            try:
                found = buyers.get(tx, BuyerScope(scope.store_id, scope.environment, asked.buyer_id))
            except NotFound:
                found = None
        if found is None:
            errors.append(FieldError(field, "not_found"))
        elif asked.buyer_external_id not in (None, found.external_id):
            errors.append(FieldError("buyer_external_id", "not_found"))
        return (None, None) if found is None else (found.id, found.email)
    if asked.email is None:
        return None, None
    try:
        return None, canonical_email(asked.email)
    except Invalid as wrong:
        errors += wrong.errors
        return None, None


def _detail(raw: Mapping[str, str] | None, email: str | None, errors: list[FieldError]) -> BillingDetail | None:
    if raw is None:
        return None
    try:
        return billing_detail.validate(raw, own_email=email or "")
    except Invalid as wrong:
        errors += within("billing_detail", wrong.errors)
        return None


def _url(store: StoreRow, environment: Environment, field: str, url: str | None, errors: list[FieldError]) -> str | None:
    if url is None:
        return None
    try:
        return return_url.check(store, environment, url)
    except Invalid as wrong:
        errors += [FieldError(field, e.code, e.example) for e in wrong.errors]
        return None


def _check_rest(tx: sa.Connection, scope: StoreScope, asked: Asked, errors: list[FieldError]) -> None:
    seconds = asked.lifetime_seconds
    if seconds is not None and not SHORTEST_LIFETIME.total_seconds() <= seconds <= LONGEST_LIFETIME.total_seconds():
        errors.append(FieldError("expires_in_seconds", "lifetime_range", "2700"))
    if asked.theme is not None and asked.theme not in THEMES:
        errors.append(FieldError("theme", "theme_unknown", "light"))
    if asked.metadata is not None and not product_rules.is_metadata(asked.metadata):
        errors.append(FieldError("metadata", "metadata_format"))
    if asked.order_external_id is not None:
        if not product_rules.is_external_id(asked.order_external_id):
            errors.append(FieldError("order_external_id", "external_id_format"))
        elif order_of_store.by_external_id(tx, scope, asked.order_external_id) is not None:
            errors.append(FieldError("order_external_id", "external_id_taken"))
