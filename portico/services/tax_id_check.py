"""EU VAT ids, looked up in the EU's register after a buyer saved them, where the store wants it (TaxPolicy.check_vat_ids).

Best effort: nobody waits for the register. An id counts as it was given until the register has answered; while the state that issued
it is down it is asked again, for a week. What was answered, when and under which consultation number is kept for good.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from portico.domain import tax_id
from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import NotFound, Refused
from portico.domain.invoice import Seller
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.vat_id import vat_id_in
from portico.gateways.port import Unanswered
from portico.services import notice, store_time, taxation
from portico.services.runtime import Runtime
from portico.services.secrets import keyed
from portico.storage import buyer, outbox, rate_limit
from portico.storage import store as stores
from portico.storage import tax_id_check as checks
from portico.storage.store import StoreRow
from portico.storage.tax_id_check import TaxIdCheck

log = structlog.get_logger("portico.tax")

JOB = "tax_id_check"
_PARTY = "vies"
ASKED_FOR = timedelta(days=7)
QUESTIONS_PER_DAY = 20  # of one buyer; what is asked beyond waits for a day
_ANSWER_HOLDS = {"valid": timedelta(days=30), "invalid": timedelta(minutes=10)}  # saved again within, an id is not asked for again
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 60, 6 * 3600
_DAY_SECONDS = 86_400


def ask(tx: sa.Connection, runtime: Runtime, store: StoreRow, scope: BuyerScope, detail: BillingDetail) -> None:
    """Has the register asked about the id in these details, which `tx` saves, and about no other any more; nothing where the store
    does not want it, or the register cannot know it, or has told lately."""
    if runtime.vat_register is not None and store.tax_policy is not None:
        checks.withdraw_others(tx, scope, detail.tax_id)
    ask_also(tx, runtime, store, scope, detail)


def ask_also(tx: sa.Connection, runtime: Runtime, store: StoreRow, scope: BuyerScope, detail: BillingDetail) -> None:
    """The same for details that are an invoice's alone: what is asked about the buyer's own id goes on."""
    if runtime.vat_register is None or not _is_wanted(store, detail):
        return
    now, last = runtime.clock(), checks.newest(tx, scope, detail.tax_id)
    if last is not None and last.answered_at is not None and now - last.answered_at < _ANSWER_HOLDS[last.status]:
        return
    check_id = last.id if last is not None and last.status == "pending" else runtime.new_id("TIC")
    checks.create(tx, scope, check_id, detail.tax_id, now)
    if outbox.has(tx, _key(check_id)):
        return  # it is being asked; saved twenty times, one id would put off the question about the next to another day
    key = keyed(runtime.secret, "tax ids asked for in a day", scope.buyer_id)
    _look_in(tx, check_id, now, 0 if rate_limit.is_within(tx, key, now, _DAY_SECONDS, QUESTIONS_PER_DAY) else _DAY_SECONDS)


def of_detail(runtime: Runtime, store: StoreRow, scope: BuyerScope, detail: BillingDetail) -> TaxIdCheck | None:
    """What the register was last asked about the id in these details; None where it is not to be, or was not yet."""
    if not _is_wanted(store, detail):
        return None
    with runtime.database.read() as connection:
        return checks.newest(connection, scope, detail.tax_id)


def of_store(runtime: Runtime, scope: StoreScope) -> tuple[tuple[str, TaxIdCheck], ...]:
    """What the register was asked about all of a store's buyers, newest first: (the buyer's e-mail, the question)."""
    with runtime.database.read() as connection:
        return checks.of_store(connection, scope)


def look(runtime: Runtime, check_id: str, *, ending: Callable[[], AbstractContextManager[sa.Connection]]) -> None:
    """Asks the register, for the check's job, unless the buyer has another id by now, or the store wants none checked any more. The
    register's answer and what follows from it, or the next try, are one transaction with the end of the job (`ending`)."""
    with runtime.database.read() as connection:
        try:
            scope, check = checks.get_any(connection, check_id)
        except NotFound:
            return
        store = stores.get(connection, scope.store_id)
    if check.status != "pending" or runtime.vat_register is None:
        return
    if store.tax_policy is None or not store.tax_policy.check_vat_ids:
        with ending() as tx:
            checks.withdraw_others(tx, scope, "")
        return
    try:
        answer = runtime.vat_register.ask(check.tax_id, asked_by=_own_id(store.seller))
    except Unanswered as silence:
        with ending() as tx:
            _again(tx, runtime, scope, check, str(silence))
        return
    status = "valid" if answer.is_valid else "invalid"
    proof = {"consultation_number": answer.consultation_number, "name": answer.name, "address": answer.address}
    with ending() as tx:
        is_news = not checks.is_refused(tx, scope, check.tax_id)
        if not checks.answered(tx, scope, check.id, status, now=runtime.clock(), **proof):
            return
        detail, _ = buyer.billing_detail(tx, scope)
        taxation.refresh(tx, runtime, stores.get(tx, scope.store_id), scope, detail)
        if status == "invalid" and is_news:
            told = {"number": check.tax_id, "consultation_number": answer.consultation_number}
            now = store_time.now(runtime, store, scope.environment)
            notice.add(tx, runtime, scope, "tax_id_unknown", check.id, now=now, **told)
    log.info("tax_id_checked", check_id=check.id, status=status)


def _is_wanted(store: StoreRow, detail: BillingDetail) -> bool:
    policy = store.tax_policy
    return policy is not None and policy.check_vat_ids and tax_id.is_in_vies(detail.country, detail.tax_id)


def _own_id(seller: Seller) -> str:
    """The store's own VAT id as the register knows it, with or without a label before it, or "": with one the register gives a
    consultation number."""
    try:
        own = tax_id.check(seller.country, vat_id_in(seller.tax_id, seller.country) or seller.tax_id)
    except Refused:
        return ""
    return own if tax_id.is_in_vies(seller.country, own) else ""


def _again(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, check: TaxIdCheck, why: str) -> None:
    """After a minute, then ever more rarely, at least four times a day; after a week `portico check` tells of it instead."""
    checks.no_answer(tx, scope, check.id)
    now = runtime.clock()
    if now - check.asked_at >= ASKED_FOR:
        log.warning("tax_id_check_has_no_answer", check_id=check.id, why=why)
        return
    _look_in(tx, check.id, now, min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2 ** min(check.unavailable, 10)))


def _look_in(tx: sa.Connection, check_id: str, now: datetime, seconds: int) -> None:
    """It waits where others wait for servers of somebody else, few at a time for each: the register may take its time over every question,
    and no pack of documents has to wait for that."""
    asked = {"check_id": check_id}
    outbox.add(tx, JOB, asked, now=now, lane="webhook", key=_key(check_id), party=_PARTY, delay_seconds=seconds)


def _key(check_id: str) -> str:
    return f"{JOB}:{check_id}"
