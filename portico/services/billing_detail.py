"""Billing details: read for the form, and saved without treading on somebody else's change."""

from collections.abc import Mapping

import sqlalchemy as sa

from portico.domain import billing_detail
from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import Conflict, Refused
from portico.domain.scope import BuyerScope
from portico.services import event, store_time, tax_id_check, taxation
from portico.services.runtime import Runtime
from portico.services.secrets import keyed
from portico.storage import audit, buyer, rate_limit
from portico.storage import store as stores

SAVED_PER_DAY = 50  # by a buyer himself: each is a row in the history, and a webhook
_DAY_SECONDS = 86_400


def read(runtime: Runtime, scope: BuyerScope) -> tuple[BillingDetail, int]:
    """The buyer's billing details and their version."""
    with runtime.database.read() as tx:
        return buyer.billing_detail(tx, scope)


def save(
    runtime: Runtime, scope: BuyerScope, raw: Mapping[str, str], expected_version: int, *, language: str = "en", actor: str = "buyer"
) -> None:
    """Keeps what a form holds as the buyer's billing details, by which the next charges are taxed; documents already issued stay as
    they are.

    Raises Invalid with every error at once (its examples for a reader of `language`), Conflict when the details are no longer
    of `expected_version`, and Refused("details_limit").
    """
    with runtime.database.read() as tx:
        own_email = buyer.get(tx, scope).email
    detail = billing_detail.validate(raw, own_email=own_email, language=language)
    with runtime.database.transaction() as tx:
        keep(tx, runtime, scope, detail, expected_version, actor=actor)


def keep(
    tx: sa.Connection, runtime: Runtime, scope: BuyerScope, detail: BillingDetail, expected_version: int, *, actor: str = "buyer"
) -> None:
    """Keeps checked details in the transaction of what they came with, and all that follows from them. Raises Conflict, and
    Refused("details_limit") for a buyer who changed them SAVED_PER_DAY times within a day.

    Those that he has already change nothing, and nobody is told of them; but the register is asked about their tax id once more.
    Call it before anything else is locked: the buyer, and then his subscriptions, are locked in here.
    """
    buyer.lock(tx, scope)
    own, version = buyer.billing_detail(tx, scope)
    if version != expected_version:
        raise Conflict
    store = stores.get(tx, scope.store_id)
    if detail != own:
        if actor == "buyer":
            _hold_limit(tx, runtime, scope)
        buyer.save_billing_detail(tx, scope, detail, version)
        event.record(tx, runtime, scope, "billing_detail.updated", scope.buyer_id, at=store_time.now(runtime, store, scope.environment))
        audit.record(tx, scope, actor=actor, action="billing_detail.saved", subject=scope.buyer_id, now=runtime.clock())
    tax_id_check.ask(tx, runtime, store, scope, detail)
    taxation.refresh(tx, runtime, store, scope, detail)


def _hold_limit(tx: sa.Connection, runtime: Runtime, scope: BuyerScope) -> None:
    key = keyed(runtime.secret, "billing details saved in a day", scope.buyer_id)
    if not rate_limit.is_within(tx, key, runtime.clock(), _DAY_SECONDS, SAVED_PER_DAY):
        raise Refused("details_limit")
