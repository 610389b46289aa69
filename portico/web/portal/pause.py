"""Pausing for some periods, calling a planned pause off, and going on before its end."""

from portico.domain.errors import Refused
from portico.http.response import Response, see_other
from portico.services import pause
from portico.web import view
from portico.web.portal import done, payment
from portico.web.portal.version import version_of
from portico.web.visit import Visit

FIELDS = frozenset({"periods", "version"})
CONTINUE_FIELDS = frozenset({"version"})


def form(visit: Visit) -> Response:
    """The pauses to choose from; where there are none, the subscription's page says why."""
    subscription_id = visit.id("SUB")
    found = pause.options(visit.runtime, visit.buyer_scope, subscription_id)
    if found.why_not is not None:
        return see_other(visit.url(f"/subscriptions/{subscription_id}"))
    return view.page(visit, "pause.html", subscription=found.subscription, choices=found.choices)


def plan(visit: Visit) -> Response:
    """Plans the pause that was chosen."""
    subscription_id, periods = visit.id("SUB"), visit.form.get("periods", "")
    if not (periods.isascii() and periods.isdigit() and len(periods) == 1):
        raise Refused("form_invalid")
    pause.pause(visit.runtime, visit.buyer_scope, subscription_id, int(periods), version=version_of(visit))
    return done.go(visit, f"/subscriptions/{subscription_id}", "pause_scheduled")


def undo(visit: Visit) -> Response:
    """Calls a planned pause off."""
    subscription_id = visit.id("SUB")
    pause.cancel_pause(visit.runtime, visit.buyer_scope, subscription_id)
    return done.go(visit, f"/subscriptions/{subscription_id}", "pause_undone")


def review_continuing(visit: Visit) -> Response:
    """What going on today costs; where it is not paused, the subscription's page says so."""
    subscription_id = visit.id("SUB")
    found = pause.review_unpause(visit.runtime, visit.buyer_scope, subscription_id)
    if found.why_not is not None:
        return see_other(visit.url(f"/subscriptions/{subscription_id}"))
    return view.page(visit, "continue.html", subscription=found.subscription, charge=found.charge, period_end=found.period_end)


def go_on(visit: Visit) -> Response:
    """Ends the pause today and charges the period that begins."""
    subscription_id = visit.id("SUB")
    went_on = pause.unpause_now(visit.runtime, visit.buyer_scope, subscription_id, version=version_of(visit))
    if went_on.payment_id is not None:
        return payment.after_charge(visit, went_on.payment_id, went_on.outcome)
    return done.go(visit, f"/subscriptions/{subscription_id}", "continued")
