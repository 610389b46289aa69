"""`portico subscription show` and `release`: what is going on with one, and another chance for one that was set aside."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from portico.cli.console import open_runtime, print_table, say
from portico.domain.errors import NotFound, PorticoError, Refused
from portico.domain.money import format_amount
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope
from portico.domain.subscription import Subscription
from portico.services import renewal
from portico.services import store as stores
from portico.storage import order as orders
from portico.storage import subscription as subscriptions

SubscriptionId = Annotated[str, Parameter(help="The subscription's id, SUB_...")]


def show(subscription_id: SubscriptionId, /) -> None:
    """Prints how a subscription stands, what happens to it next, its history and its payments. No names, no addresses."""
    with open_runtime() as runtime, runtime.database.read() as connection:
        try:
            scope, found = subscriptions.get_any(connection, subscription_id)
        except NotFound as error:
            raise NotFound(f"there is no subscription {subscription_id!r}") from error
        slug = next(store.slug for store in stores.every(runtime) if store.id == scope.store_id)
        history = subscriptions.history(connection, scope, subscription_id)
        payments = orders.get(connection, scope, found.order_id).payments
    print_table(("", ""), _facts(slug, scope, found))
    say()
    print_table(("at", "from", "to", "cause", "actor"), [(_at(s.at), s.from_status, s.to_status, s.cause, s.actor) for s in history])
    say()
    print_table(("payment", "for", "status", "amount", "period", "tries"), [_row(payment) for payment in reversed(payments)])


def release(subscription_id: SubscriptionId, /) -> None:
    """Lets a subscription go on that was set aside because working on it failed. Look at the reason first: portico subscription show."""
    with open_runtime() as runtime:
        try:
            due_at = renewal.release(runtime, subscription_id)
        except (NotFound, Refused) as error:
            raise PorticoError(f"{subscription_id} is not held; see: portico check") from error
    say(f"{subscription_id} goes on; it is due at {_at(due_at)}.")


def _facts(slug: str, scope: BuyerScope, found: Subscription) -> Iterator[tuple[str, str]]:
    yield "subscription", found.id
    yield "store", f"{slug} ({scope.environment})"
    yield "buyer", scope.buyer_id
    yield "status", found.status
    yield "plan", f"{found.quantity} x {found.product_name} ({found.product_id})"
    yield "price", f"{format_amount(found.unit_minor, found.currency)} {found.currency} per {found.interval}, plus {found.tax_rate} % tax"
    yield "taxed as", " ".join(filter(None, (found.tax_reason, found.tax_country, found.tax_note)))
    yield "period", f"{_at(found.period_start)} to {_at(found.period_end)}"
    yield "billed by", "Portico" if found.managed else "somebody else"
    yield "card", f"{found.method.brand} {found.method.last4}" if found.method else "none"
    change = found.scheduled_change
    if change is not None:
        yield "planned", f"{change.kind} at {_at(change.at)}" + (f": {change.product_name}" if change.product_name else "")
    for name, moment in (("next step", found.due_at), ("failing since", found.failing_since), ("resumes at", found.resumes_at)):
        if moment is not None:
            yield name, _at(moment)
    if found.held_at is not None:
        yield "held", f"{_at(found.held_at)}: {found.held_reason}"
    yield "version", str(found.version)


def _row(payment: Payment) -> tuple[str, ...]:
    period = f"{_at(payment.period_start)} to {_at(payment.period_end)}" if payment.period_start and payment.period_end else ""
    tries = ", ".join(f"{attempt.status} {attempt.failure_code or ''}".strip() for attempt in payment.attempts)
    amount = f"{format_amount(payment.total_minor, payment.currency)} {payment.currency}"
    return payment.id, payment.purpose, payment.status, amount, period, tries


def _at(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
