"""Canceling: one page that says until when, asks why (who likes may say), and does it; and taking it back."""

from collections.abc import Mapping

from portico.domain.errors import Invalid
from portico.http.response import Response, see_other
from portico.i18n import words
from portico.i18n.catalog import catalog
from portico.services import cancellation, standing
from portico.web import view
from portico.web.portal import done
from portico.web.portal.version import version_of
from portico.web.problems import PROBLEMS
from portico.web.visit import Visit

FIELDS = frozenset({"reason", "comment", "version"})


def form(visit: Visit) -> Response:
    return _show(visit)


def cancel(visit: Visit) -> Response:
    subscription_id, reason = visit.id("SUB"), visit.form.get("reason") or None
    version, comment = version_of(visit), visit.form.get("comment", "")
    try:
        ends_at = cancellation.cancel(visit.runtime, visit.buyer_scope, subscription_id, reason, comment, version=version)
    except Invalid as invalid:
        errors = {error.field: words.error_text(visit.language, error.code, error.example) for error in reversed(invalid.errors)}
        return _show(visit, status=422, errors=errors)
    said = "canceled" if ends_at > visit.store_now else "ended"
    return done.go(visit, f"/subscriptions/{subscription_id}", said, about=subscription_id)


def stale(visit: Visit) -> Response:
    """The form's token is not of this session: nothing is done, and what was typed stays."""
    return _show(visit, status=403, errors={"form": catalog(visit.language).message(PROBLEMS["form_stale"].text)})


def resume(visit: Visit) -> Response:
    subscription_id = visit.id("SUB")
    cancellation.resume(visit.runtime, visit.buyer_scope, subscription_id)
    return done.go(visit, f"/subscriptions/{subscription_id}", "resumed")


def _show(visit: Visit, *, status: int = 200, errors: Mapping[str, str] | None = None) -> Response:
    """The page, with what was typed; where there is nothing to cancel, the subscription's page says why."""
    subscription_id = visit.id("SUB")
    with visit.runtime.database.read() as tx:
        here = standing.look(tx, visit.runtime, visit.buyer_scope, subscription_id, store=visit.store)
    if here.why_not("cancel") is not None:
        return see_other(visit.url(f"/subscriptions/{subscription_id}"))
    ends_at = cancellation.ends_at(here.subscription, here.now)
    reasons = cancellation.reasons(visit.store, visit.runtime.random_bytes)
    return view.page(
        visit,
        "cancel.html",
        status_code=status,
        subscription=here.subscription,
        ends_at=ends_at if ends_at > here.now else None,
        reasons=[(reason.code, reason.words(visit.language)) for reason in reasons],
        chosen=visit.form.get("reason", ""),
        comment=visit.form.get("comment", ""),
        errors=errors or {},
    )
