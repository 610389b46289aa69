"""What a buyer just did, said once on the page that follows it."""

from portico.http.cookies import deleted
from portico.http.response import Response, see_other
from portico.i18n.catalog import N_, Message, catalog
from portico.web import view
from portico.web.visit import Visit

_COOKIE = "flash"
_SECONDS = 60
_SAID: dict[str, Message] = {
    "canceled": N_("You’ve canceled. We’re emailing you the confirmation."),
    "ended": N_("You’ve canceled, and it has ended. We’re emailing you the confirmation."),
    "resumed": N_("Good to have you back. Everything goes on as before."),
    "plan_changed": N_("Done. You’ve switched, and nothing was charged."),
    "plan_change_scheduled": N_("Done. We’ve noted the change, and nothing was charged."),
    "plan_kept": N_("Done. You keep your current plan."),
    "pause_scheduled": N_("Done. We’ve noted the pause."),
    "pause_undone": N_("Done. It goes on without a pause."),
    "continued": N_("Welcome back. The pause is over."),
    "card_saved": N_("Your card is saved. We charge it from now on."),
    "card_waiting": N_("Your card is being checked. We’ll email you as soon as it’s saved."),
    "card_kept": N_("No new card was saved. Everything is as it was."),
    "corrected": N_("Done. This is your corrected invoice. The credit note cancels the old one."),
    "tax_goes_back": N_("Done. The tax is on its way back to you. You get the corrected invoice as soon as that is confirmed."),
    "copy_sent": N_("The copy is on its way. It may take a few minutes to arrive."),
    "refund_asked": N_("We’ve got your request. We’ll email you the answer."),
}


def go(visit: Visit, path: str, done: str) -> Response:
    """303 to a page below the portal's base, which says what was done."""
    return see_other(visit.url(path), visit.sealed_cookie(_COOKIE, {"done": done}, _SECONDS))


def said(visit: Visit) -> str:
    """What the page about to be shown should say; empty when nothing."""
    message = _SAID.get(visit.unsealed(_COOKIE).get("done", ""))
    return catalog(visit.language).message(message) if message is not None else ""


def page(visit: Visit, template: str, *, status_code: int = 200, **variables: object) -> Response:
    """`view.page` with `done`: what was just done. It is said once."""
    response = view.page(visit, template, status_code=status_code, done=said(visit), **variables)
    return response.adding(deleted(_COOKIE)) if _COOKIE in visit.cookies else response
