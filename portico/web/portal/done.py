"""What a buyer just did, said once on the page that follows it; and the way back to the merchant who sent him to do that.

A browser holds every redirect that answers a form against the page's `form-action`, so none may lead to the merchant's site. The way
back is a page of ours, which the browser is told to leave at once (`Refresh`), and which has a link for one that stays.
"""

from dataclasses import replace

from portico.domain.portal_session import Flow
from portico.http.cookies import deleted
from portico.http.response import Response, see_other
from portico.i18n.catalog import N_, Message, catalog
from portico.services import portal_session, return_url
from portico.web import view
from portico.web.visit import Visit

_COOKIE = "flash"
_SECONDS = 60
_AT_THE_BANK_SECONDS = 900
WAY_BACK = "/return"
_SAID: dict[str, Message] = {
    "canceled": N_("You’ve canceled. We’re emailing you the confirmation."),
    "ended": N_("You’ve canceled, and it has ended. We’re emailing you the confirmation."),
    "resumed": N_("Good to have you back. Everything goes on as before."),
    "plan_changed": N_("Done. You’ve switched, and nothing was charged."),
    "plan_change_scheduled": N_("Done. We’ve noted the change, and nothing was charged."),
    "plan_paid": N_("Done. You’ve switched, and your payment went through."),
    "plan_kept": N_("Done. You keep your current plan."),
    "pause_scheduled": N_("Done. We’ve noted the pause."),
    "pause_undone": N_("Done. It goes on without a pause."),
    "continued": N_("Welcome back. The pause is over."),
    "card_saved": N_("Your card is saved. We charge it from now on."),
    "details_saved": N_("Saved. Your next invoice will show these details."),
    "card_waiting": N_("Your card is being checked. We’ll email you as soon as it’s saved."),
    "card_kept": N_("No new card was saved. Everything is as it was."),
    "corrected": N_("Done. This is your corrected invoice. The credit note cancels the old one."),
    "tax_goes_back": N_("Done. The tax is on its way back to you. You get the corrected invoice as soon as that is confirmed."),
    "copy_sent": N_("The copy is on its way. It may take a few minutes to arrive."),
    "refund_asked": N_("We’ve got your request. We’ll email you the answer."),
}
# What was to be done, by the flow the buyer was sent for, as the merchant's page is told.
_RESULTS: dict[str, tuple[Flow, str]] = {
    "canceled": ("subscription_cancel", "canceled"),
    "ended": ("subscription_cancel", "canceled"),
    "plan_changed": ("subscription_change", "changed"),
    "plan_paid": ("subscription_change", "changed"),
    "plan_change_scheduled": ("subscription_change", "scheduled"),
    "card_saved": ("payment_method", "updated"),
    "details_saved": ("billing_details", "updated"),
}


def go(visit: Visit, path: str, done: str, *, about: str = "") -> Response:
    """303 to a page below the portal's base, which says what was done. If it is what the buyer was sent for (`about` is what he did it
    with, an id), the page is the one on his way back."""
    return back(visit, done, about=about) or see_other(visit.url(path), visit.sealed_cookie(_COOKIE, {"done": done}, _SECONDS))


def back(visit: Visit, done: str, *, about: str = "") -> Response | None:
    """303 to the page on the way back, if `done` is what the merchant's server sent the buyer for and it said where to after it."""
    flow, result = _RESULTS.get(done, (None, ""))
    session = visit.session
    if flow is None or session is None or session.flow != flow or session.return_url is None or session.portal_session_id is None:
        return None
    if not portal_session.is_about(visit.runtime, session.scope, session.portal_session_id, about):
        return None
    return see_other(visit.url(WAY_BACK), visit.sealed_cookie(_COOKIE, {"done": done, "result": result}, _SECONDS))


def after_the_bank(visit: Visit, answer: Response, done: str, *, about: str) -> Response:
    """An answer that leads to the bank; if what the buyer confirms there is paid, that is `done`."""
    return answer.adding(visit.sealed_cookie(_COOKIE, {"after_bank": done, "about": about}, _AT_THE_BANK_SECONDS))


def back_from_the_bank(visit: Visit) -> Response | None:
    """`back`, for what was confirmed at the bank."""
    waiting = visit.unsealed(_COOKIE)
    return back(visit, waiting.get("after_bank", ""), about=waiting.get("about", ""))


def way_back(visit: Visit) -> Response:
    """The page on the way back. Opened any other way than by having done something, it is the overview."""
    result, session = visit.unsealed(_COOKIE).get("result", ""), visit.session
    if not result or session is None or session.return_url is None:
        return see_other(visit.url("/"))
    url = return_url.with_result(session.return_url, portal_session=session.portal_session_id or "", result=result)
    response = view.lobby(visit, "way_back.html", done=said(visit), url=url).adding(deleted(_COOKIE))
    return replace(response, headers=(*response.headers, ("refresh", f"0; url={url}")))


def said(visit: Visit) -> str:
    """What the page about to be shown should say; empty when nothing."""
    message = _SAID.get(visit.unsealed(_COOKIE).get("done", ""))
    return catalog(visit.language).message(message) if message is not None else ""


def page(visit: Visit, template: str, *, status_code: int = 200, **variables: object) -> Response:
    """`view.page` with `done`: what was just done. It is said once."""
    response = view.page(visit, template, status_code=status_code, done=said(visit), **variables)
    return response.adding(deleted(_COOKIE)) if _COOKIE in visit.cookies else response
