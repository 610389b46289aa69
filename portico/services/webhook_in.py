"""What a payment provider tells of its own accord.

An event is verified by its adapter, then noted and put into effect in one transaction: however often it is delivered, also at
once, it has one effect. Events come in any order; what they say is settled by the same guarded updates as an answer would be. One
about something that is not known here (yet) is noted as waiting, with a job that looks for it again and again and is parked in the
end, where `portico check` shows it.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Literal

import sqlalchemy as sa
import structlog

from portico.domain.errors import NotFound, PorticoError
from portico.domain.scope import BuyerScope, Environment
from portico.gateways.port import CardSetupResult, GatewayEvent, RefundResult
from portico.services import card, charging, dispute, marks, refund, refund_asking, refund_at_provider, settlement, surplus
from portico.services.runtime import Runtime
from portico.storage import card_setup as setups
from portico.storage import outbox, webhook_event
from portico.storage import payment as payments
from portico.storage import refund as refunds
from portico.storage.webhook_event import Outcome

log = structlog.get_logger("portico.webhooks")

JOB = "webhook"
BODY_LIMIT_BYTES = 256 * 1024
_FIRST_LOOK_SECONDS = 5

What = Literal["charge", "refund", "card_setup", "given_back", "dispute"]


class SubjectUnknown(PorticoError):
    """An event is about something that is not known here."""

    code = "webhook_subject_unknown"


def receive(runtime: Runtime, environment: Environment, gateway_name: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Takes in a webhook: the raw body, and the headers by their lower-case names.

    Raises NotFound for a provider that this environment doesn't have, and gateways.port.Forged.
    """
    gateway = runtime.gateways.get(environment)
    if gateway is None or gateway.name != gateway_name:
        raise NotFound
    event = gateway.parse_webhook(body, headers, runtime.clock())
    about = _about(event)
    if about is None:
        return  # of no interest to us
    what, subject = about
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        outcome = _outcome(tx, environment, what, subject)
        if not webhook_event.add(tx, environment, gateway_name, event.id, subject=subject, outcome=outcome, now=now):
            return  # delivered before
        if outcome == "applied":
            _apply(tx, runtime, event)
        elif outcome == "waiting":
            log.warning("webhook_waits", gateway=gateway_name, event_id=event.id, what=what, subject=subject)
            waiting = {"environment": environment, "gateway": gateway_name, "event_id": event.id, "what": what, "subject": subject}
            outbox.add(tx, JOB, waiting, now=now, lane="pay", delay_seconds=_FIRST_LOOK_SECONDS)
        marks.here("webhook_applying")
    marks.here("webhook_applied")


def look_again(runtime: Runtime, *, environment: Environment, gateway: str, event_id: str, what: What, subject: str) -> None:
    """Another look for the subject of an event that was unknown, for its job. Raises SubjectUnknown if it is unknown still, and
    Unanswered.

    What the event said may be out of date by now: of a charge the provider is asked, for older news of it may have come since and
    ended it. Refunds and visits have jobs of their own, which ask.
    """
    if what == "charge":
        with suppress(NotFound):
            charging.reconsider(runtime, subject)
    with runtime.database.transaction() as tx:
        outcome = _outcome(tx, environment, what, subject)
        if outcome == "waiting":
            raise SubjectUnknown(f"{gateway} tells of a {what} that is unknown here: {subject}")
        if what == "card_setup":
            card.told(tx, runtime, CardSetupResult(subject, "open"))
        if what == "given_back" and outcome == "applied":
            refund_at_provider.look_later(tx, runtime, subject)
        webhook_event.end_waiting(tx, environment, gateway, event_id, outcome)


def _about(event: GatewayEvent) -> tuple[What, str] | None:
    """What an event is about: our key, or the provider's id of a visit to its card page."""
    if event.charge is not None:
        return "charge", event.charge.key
    if event.refund is not None:
        return "refund", event.refund.key
    if event.given_back is not None:
        return "given_back", event.given_back
    if event.dispute is not None:
        return "dispute", event.dispute.charge_key
    return ("card_setup", event.card_setup.reference) if event.card_setup is not None else None


def _outcome(tx: sa.Connection, environment: Environment, what: What, subject: str) -> Outcome:
    """Whether the subject is known here: "applied", else "waiting"; and "ignored" when it is of the other environment."""
    try:
        scope = _owner(tx, what, subject)
    except NotFound:
        return "waiting"
    if scope.environment == environment:
        return "applied"
    log.error("webhook_of_another_environment", environment=environment, what=what, subject=subject)
    return "ignored"


def _owner(tx: sa.Connection, what: What, subject: str) -> BuyerScope:
    """Whose the subject is. Raises NotFound."""
    if what in ("charge", "given_back", "dispute"):
        return payments.attempt_by_key(tx, subject).scope
    if what == "card_setup":
        found = setups.by_reference(tx, subject)
        if found is None:
            raise NotFound
        return found[0]
    if subject.endswith(surplus.KEY_SUFFIX):
        return payments.attempt_by_key(tx, subject.removesuffix(surplus.KEY_SUFFIX)).scope
    return refunds.by_key(tx, subject).scope


def _apply(tx: sa.Connection, runtime: Runtime, event: GatewayEvent) -> None:
    if event.charge is not None:
        asked = payments.attempt_by_key(tx, event.charge.key)
        if settlement.fits(asked, event.charge):
            settlement.settle(tx, runtime, asked, event.charge)
    elif event.refund is not None:
        _apply_refund(tx, runtime, event.refund)
    elif event.card_setup is not None:
        card.told(tx, runtime, event.card_setup)
    elif event.given_back is not None:
        refund_at_provider.look_later(tx, runtime, event.given_back)
    elif event.dispute is not None:
        dispute.told(tx, runtime, payments.attempt_by_key(tx, event.dispute.charge_key), event.dispute)


def _apply_refund(tx: sa.Connection, runtime: Runtime, result: RefundResult) -> None:
    if result.key.endswith(surplus.KEY_SUFFIX):
        return  # it has no row: its job asks until it is done
    asked = refunds.by_key(tx, result.key)
    if refund_asking.fits(asked, result):
        refund.settle(tx, runtime, asked, result)
