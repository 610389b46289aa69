"""A checkout's pages: who buys, what it costs, "Order and pay", and how it ended. Nobody need be signed in; whoever is, buys for himself.

Each step is a form of its own, so that it works without script: the details, the review with the price and its tax, and the order.
What is ordered is what was shown; the card is given on the payment provider's page.
"""

from collections.abc import Mapping
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

from portico.domain.billing_detail import BillingDetail
from portico.domain.buyer import canonical_email
from portico.domain.errors import FieldError, Invalid, Refused
from portico.gateways.port import Unanswered
from portico.http.response import Response, json, see_other
from portico.i18n import words
from portico.i18n.catalog import N_, Message, catalog
from portico.services import checkout, checkout_address, checkout_card, checkout_limits, checkout_order
from portico.services.checkout import Shown
from portico.services.checkout_offer import Offer
from portico.services.checkout_order import NotAsShown
from portico.services.checkout_state import State
from portico.web import view
from portico.web.portal.billing_detail import form_values, form_variables
from portico.web.problems import PROBLEMS
from portico.web.visit import Visit

PATH = "/checkout/{id}"
# What is asked of a buyer here. References and copies belong to his account, where he can change them.
_DETAILS = frozenset({field.name for field in fields_of(BillingDetail)} - {"po_number", "cost_centre", "copy_emails"})
FIELDS = _DETAILS | {"email", "update_fields", "edit"}
ORDER_FIELDS = _DETAILS | {"email", "total_minor", "trial_days"}
_MOVED = N_("This offer changed in the meantime. Nothing was ordered. This is what it would be now:")
_TRIAL_USED = N_("You’ve had this trial already, so it begins with a payment. Nothing was charged.")
_NO_CARD = N_("You haven’t given a card yet, so nothing was charged. Your order waits for you.")
_DECLINED = N_("Nothing was charged. Please try another card.")
_NO_ANSWER = N_("The payment provider didn’t answer. Nothing was charged. Please try again in a minute.")
_TOO_OFTEN = N_("That was too often for now. Nothing was charged. Please try again later.")
_UNDER_WAY = ("action", "confirming")


def page(visit: Visit) -> Response:
    """The checkout as it stands: the form while there is something to order, else how it ended."""
    visit = _in_language(visit)
    shown = _look(visit)
    if shown.state.is_over or shown.state.status in _UNDER_WAY:
        return _state(visit, shown.state)
    return _form(visit, shown, {**form_values(shown.detail), "email": shown.email}, said=_said_of(shown.state), failed=shown.state)


def review(visit: Visit) -> Response:
    """What it costs a buyer with these details; or the form again, with what was typed."""
    visit = _in_language(visit)
    shown = _look(visit)
    if shown.state.is_over or shown.state.status in _UNDER_WAY:
        return _state(visit, shown.state)
    if "update_fields" in visit.form or "edit" in visit.form:
        return _form(visit, shown, visit.form)
    try:
        return _review(visit, shown)
    except Invalid as invalid:
        return _wrong(visit, shown, invalid)


def order(visit: Visit) -> Response:
    """Orders what was shown, and leads to the provider's page for the card."""
    visit = _in_language(visit)
    shown, checkout_id = _look(visit), visit.id("CHK")
    if not checkout_limits.may_order(visit.runtime, visit.scope, visit.asked.client):
        return _form(visit, shown, visit.form, status=429, said=_TOO_OFTEN)
    try:
        placed = checkout_order.place(
            visit.runtime, visit.store, visit.environment, checkout_id, email=visit.form.get("email", ""), detail_raw=_details(visit),
            visitor=_visitor(visit), language=visit.language, total_minor=_number(visit, "total_minor"),
            trial_days=_number(visit, "trial_days"),
        )  # fmt: skip
    except Invalid as invalid:
        return _wrong(visit, shown, invalid)
    except NotAsShown:
        return _review(visit, _look(visit), status=409, said=_MOVED)
    except Unanswered:
        return _form(visit, shown, visit.form, status=503, said=_NO_ANSWER)
    except Refused as refused:
        if refused.code not in ("checkout_over", "payment_open", "too_many_charges"):
            raise
        if refused.code == "too_many_charges":
            return _form(visit, shown, visit.form, status=429, said=_TOO_OFTEN)
        return _state(visit, _look(visit).state)
    return see_other(placed.url if placed.url is not None else visit.url(_path(visit) + checkout_address.RETURN))


def form_again(visit: Visit) -> Response:
    """The form's token has aged: nothing is ordered, and what was typed stays."""
    visit = _in_language(visit)
    return _form(visit, _look(visit), visit.form, status=403, said=PROBLEMS["form_stale"].text)


def returned(visit: Visit) -> Response:
    """The buyer comes back from the provider's page, or waits: the provider is asked. The portal's script asks for the state alone."""
    visit = _in_language(visit)
    try:
        now_is = checkout_card.returned(visit.runtime, visit.store, visit.environment, visit.id("CHK"))
    except Unanswered:
        now_is = replace(_look(visit).state, status="confirming")
    if visit.asked.wants_json:
        return json(200, {"state": now_is.status})
    if now_is.is_over or now_is.status in _UNDER_WAY:
        return _state(visit, now_is, leaving=True)
    return see_other(visit.url(_path(visit)))


def _in_language(visit: Visit) -> Visit:
    """In the language that the merchant's server asked for, unless the buyer chose one."""
    if "language" in visit.cookies:
        return visit
    locale = _look(visit).session.locale
    return visit if locale is None else replace(visit, language=locale)


def _look(visit: Visit) -> Shown:
    return checkout.look(visit.runtime, visit.store, visit.environment, visit.id("CHK"), visitor=_visitor(visit))


def _visitor(visit: Visit) -> Any:
    return None if visit.session is None else visit.buyer_scope


def _details(visit: Visit) -> dict[str, str]:
    return {name: text for name, text in visit.form.items() if name in _DETAILS}


def _number(visit: Visit, name: str) -> int | None:
    """A number that our own page wrote into the form. Raises Refused("form_invalid") for anything else."""
    text = visit.form.get(name, "")
    if not text.isdecimal() or len(text) > 18:
        raise Refused("form_invalid")
    return int(text)


def _path(visit: Visit) -> str:
    return PATH.format(id=visit.id("CHK"))


def _said_of(state: State) -> Message | None:
    if state.trial_used:
        return _TRIAL_USED
    return {"declined": _DECLINED, "card": _NO_CARD}.get(state.status)


def _wrong(visit: Visit, shown: Shown, invalid: Invalid) -> Response:
    return _form(visit, shown, visit.form, status=422, errors=words.field_errors(visit.language, invalid.errors))


def _form(  # noqa: PLR0917
    visit: Visit,
    shown: Shown,
    values: Mapping[str, str],
    status: int = 200,
    said: Message | None = None,
    errors: Mapping[str, str] | None = None,
    failed: State | None = None,
) -> Response:
    variables = form_variables(visit.language, values, errors or {})
    fields = [field for field in variables["fields"] if field.name in _DETAILS]
    if errors and "email" in errors:
        variables["errors"] = {"email": errors["email"], **{k: v for k, v in variables["errors"].items() if v != errors["email"]}}
    return _show(
        visit, "checkout.html", shown, status, **{**variables, "fields": fields}, email=values.get("email", shown.email),
        said=said and catalog(visit.language).message(said), failure_code=failed.failure_code if failed is not None else None,
    )  # fmt: skip


def _review(visit: Visit, shown: Shown, *, status: int = 200, said: Message | None = None) -> Response:
    errors: list[FieldError] = []
    if not shown.email_is_fixed:
        try:
            canonical_email(visit.form.get("email", ""))
        except Invalid as wrong:
            errors += wrong.errors
    offer: Offer | None = None
    try:
        offer = checkout.offer(
            visit.runtime, visit.store, visit.environment, visit.id("CHK"), _details(visit), visitor=_visitor(visit),
            language=visit.language,
        )  # fmt: skip
    except Invalid as wrong:
        errors += wrong.errors
    if errors or offer is None:
        raise Invalid(errors)
    email = shown.email if shown.email_is_fixed else visit.form.get("email", "")
    message = said and catalog(visit.language).message(said)
    sent = [*_details(visit).items(), *([] if shown.email_is_fixed else [("email", email)])]
    variables = {"offer": offer, "detail": visit.form, "email": email, "sent": sent, "said": message}
    return _show(visit, "checkout_review.html", shown, status, **variables)


def _show(visit: Visit, template: str, shown: Shown, status: int, **variables: Any) -> Response:
    about = {"session": shown.session, "product": shown.product, "theme": shown.session.theme, "email_is_fixed": shown.email_is_fixed}
    return view.lobby(visit, template, status_code=status, here=visit.url(_path(visit)), **about, **variables)


def _state(visit: Visit, state: State, *, leaving: bool = False) -> Response:
    """How it ended, or what it waits for. Who has just bought something is led back to the merchant, if that is wanted."""
    url = checkout_address.leads_to(state.session)
    response = view.lobby(
        visit, "checkout_state.html", here=visit.url(_path(visit)), state=state, url=url or state.session.cancel_url or "",
        session=state.session, theme=state.session.theme,
    )  # fmt: skip
    return replace(response, headers=(*response.headers, ("refresh", f"2; url={url}"))) if leaving and url is not None else response
