"""Billing details: read for the form, and saved without treading on somebody else's change."""

from collections.abc import Mapping

import sqlalchemy as sa

from portico.domain import billing_detail
from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import Conflict
from portico.domain.scope import BuyerScope
from portico.services import event, store_time, tax_id_check, taxation
from portico.services.runtime import Runtime
from portico.storage import audit, buyer
from portico.storage import store as stores


def read(runtime: Runtime, scope: BuyerScope) -> tuple[BillingDetail, int]:
    """The buyer's billing details and their version."""
    with runtime.database.read() as tx:
        return buyer.billing_detail(tx, scope)


def save(
    runtime: Runtime, scope: BuyerScope, raw: Mapping[str, str], expected_version: int, *, language: str = "en", actor: str = "buyer"
) -> None:
    """Keeps what a form holds as the buyer's billing details, by which the next charges are taxed; documents already issued stay as
    they are.

    Raises Invalid with every error at once (its examples for a reader of `language`), and Conflict when the details are no longer
    of `expected_version`.
    """
    with runtime.database.read() as tx:
        own_email = buyer.get(tx, scope).email
    detail = billing_detail.validate(raw, own_email=own_email, language=language)
    with runtime.database.transaction() as tx:
        keep(tx, runtime, scope, detail, expected_version, actor=actor)


def keep(
    tx: sa.Connection, runtime: Runtime, scope: BuyerScope, detail: BillingDetail, expected_version: int, *, actor: str = "buyer"
) -> None:
    """Keeps checked details in the transaction of what they came with, and all that follows from them. Raises Conflict.

    Call it before anything else is locked: the buyer's subscriptions are locked in here.
    """
    if not buyer.save_billing_detail(tx, scope, detail, expected_version):
        raise Conflict
    store = stores.get(tx, scope.store_id)
    tax_id_check.ask(tx, runtime, store, scope, detail)
    taxation.refresh(tx, runtime, store, scope, detail)
    event.record(tx, runtime, scope, "billing_detail.updated", scope.buyer_id, at=store_time.now(runtime, store, scope.environment))
    audit.record(tx, scope, actor=actor, action="billing_detail.saved", subject=scope.buyer_id, now=runtime.clock())
