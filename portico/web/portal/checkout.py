"""A checkout's pages: who buys, what it costs, "Order and pay", and how it ended. Nobody need be signed in; whoever is, buys for himself.

Each step is a form of its own, so that it works without script: the details, the review with the price and its tax, and the order.
What is ordered is what was shown; the card is given on the payment provider's page.
"""

from collections.abc import Mapping
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from portico.domain import billing_detail, product_rules
from portico.domain.billing_detail import BillingDetail
from portico.domain.buyer import canonical_email
from portico.domain.errors import FieldError, Invalid, Refused
from portico.domain.scope import BuyerScope
from portico.gateways.port import Unanswered
from portico.http.response import Response, json, see_other
from portico.i18n import words
from portico.i18n.catalog import N_, Message, catalog
from portico.i18n.why_not_words import WHY_NOT
from portico.services import checkout, checkout_address, checkout_card, checkout_limits, checkout_order
from portico.services.checkout import Shown
from portico.services.checkout_order import NotAsShown
from portico.services.checkout_state import State
from portico.web import view
from portico.web.portal.billing_detail import form_values, form_variables
from portico.web.portal.language import CHOICE, chosen_beside
from portico.web.problems import PROBLEMS
from portico.web.visit import Visit

PATH = "/checkout/{id}"
_DETAILS = frozenset({field.name for field in fields_of(BillingDetail)} - {*checkout.NOT_ASKED})
FIELDS = _DETAILS | {"email", "update_fields", "edit", "step", CHOICE}
ORDER_FIELDS = _DETAILS | {"email", "total_minor", "trial_days"}
_LEAVING_SECONDS = 4
_MOVED = N_("This offer changed in the meantime. Nothing was ordered. This is what it would be now:")
_TRIAL_USED = N_("You’ve had this trial already, so it begins with a payment. Nothing was charged.")
_NO_CARD = N_("You haven’t given a card yet, so nothing was charged. Your order waits for you.")
_DECLINED = N_("Nothing was charged. Your order waits for you.")
_NO_ANSWER = N_("The payment provider didn’t answer. Nothing was charged. Please try again in a minute.")
_TOO_OFTEN = N_("That was too often for now. Nothing was charged. Please try again later.")
_AGAIN = {NotAsShown.code: (409, _MOVED), "too_many_charges": (429, _TOO_OFTEN), "no_gateway": (409, WHY_NOT["no_gateway"])}
_OVER = ("checkout_over", "external_id_taken")  # the latter: another checkout for the same order was faster


def page(visit: Visit) -> Response:
    """The checkout as it stands: the form while there is something to order; the review for whoever ordered and has not paid; the way
    to how it goes while it is being charged; how it ended. A reload, or a choice of language, asks for it where a form was sent to."""
    visit, shown = _opened(visit)
    if shown.state.is_over:
        return _state(visit, shown.state)
    if not _is_for_sale(shown.state):
        return see_other(_return_address(visit))
    if shown.session.placed_at is not None and shown.offer is not None:
        said = _TRIAL_USED if shown.state.trial_used else {"declined": _DECLINED, "card": _NO_CARD}.get(shown.state.status)
        return _review(visit, shown, _filled_in(visit, shown), said=said)
    return _form(visit, shown, _filled_in(visit, shown))


def review(visit: Visit) -> Response:
    """What it costs a buyer with these details; or the form again, with what was typed. Either of them in another language, too."""
    visit, shown = _opened(visit)
    if not _is_for_sale(shown.state):
        return see_other(_return_address(visit))
    if CHOICE in visit.form:
        again = _review if visit.form.get("step") == "review" else _form
        return chosen_beside(visit, lambda chosen: again(chosen, shown, visit.form))
    if "update_fields" in visit.form or "edit" in visit.form:
        return _form(visit, shown, visit.form)
    return _review(visit, shown, visit.form)


def order(visit: Visit) -> Response:
    """Orders what was shown, and leads to the provider's page for the card."""
    visit, shown = _opened(visit)
    if not _is_for_sale(shown.state):
        return see_other(_return_address(visit))
    if not checkout_limits.may_order(visit.runtime, visit.scope, visit.asked.client):
        return _review(visit, shown, visit.form, status=429, said=_TOO_OFTEN)
    try:
        placed = checkout_order.place(
            visit.runtime, visit.store, visit.environment, shown.session.id, email=visit.form.get("email", ""),
            detail_raw=_details(shown, visit.form), visitor=_visitor(visit), language=visit.language,
            total_minor=_number(visit, "total_minor"), trial_days=_number(visit, "trial_days"), external_id=_called(visit),
        )  # fmt: skip
    except Invalid as invalid:
        return _wrong(visit, shown, visit.form, invalid)
    except Unanswered:
        return _review(visit, shown, visit.form, status=503, said=_NO_ANSWER)
    except (NotAsShown, Refused) as error:
        return _not_ordered(visit, error)
    return see_other(placed.url or _return_address(visit))


def form_again(visit: Visit) -> Response:
    """The form's token has aged: what was typed stays."""
    visit, shown = _opened(visit)
    if not _is_for_sale(shown.state):
        return see_other(_return_address(visit))
    return _form(visit, shown, visit.form, status=403, said=PROBLEMS["form_stale"].text)


def review_again(visit: Visit) -> Response:
    """The token of the order's form has aged: nothing is ordered, and one more click does it."""
    visit, shown = _opened(visit)
    if not _is_for_sale(shown.state):
        return see_other(_return_address(visit))
    return _review(visit, shown, visit.form, status=403, said=PROBLEMS["form_stale"].text)


def returned(visit: Visit) -> Response:
    """The buyer comes back from the provider's page, or waits: the provider is asked. The portal's script asks for the state alone."""
    visit, shown = _opened(visit)
    try:
        now_is = _by_now(visit, checkout_card.returned(visit.runtime, visit.store, visit.environment, shown.session.id))
    except Unanswered:
        now_is = replace(shown.state, status="confirming")
    if visit.asked.wants_json:
        return json(200, {"state": now_is.status})
    return see_other(visit.url(_path(visit))) if _is_for_sale(now_is) else _state(visit, now_is, leaving=True)


def _opened(visit: Visit) -> tuple[Visit, Shown]:
    """The checkout, and the visit in the language that the merchant's server asked for, unless the buyer chose one."""
    shown = _look(visit)
    locale = shown.session.locale
    return visit if locale is None or "language" in visit.cookies else replace(visit, language=locale), shown


def _look(visit: Visit) -> Shown:
    shown = checkout.look(visit.runtime, visit.store, visit.environment, visit.id("CHK"), visitor=_visitor(visit))
    return replace(shown, state=_by_now(visit, shown.state))


def _by_now(visit: Visit, state: State) -> State:
    """What is late is over, although the books follow only with the worker's next round."""
    is_late = _is_for_sale(state) and state.session.expires_at <= visit.now
    return replace(state, status="expired") if is_late else state


def _is_for_sale(state: State) -> bool:
    """Whether there is something to order: it is not over, and nothing is being charged."""
    return state.status in ("open", "card", "declined")


def _not_ordered(visit: Visit, error: NotAsShown | Refused) -> Response:
    """The answer to an order that could not be taken as things stand now."""
    shown = _look(visit)
    if error.code in _AGAIN:
        status, said = _AGAIN[error.code]
        return _review(visit, shown, visit.form, status=status, said=said)
    if error.code == "payment_open":
        return see_other(_return_address(visit))
    if error.code not in _OVER:
        raise error
    return _state(visit, replace(shown.state, status="expired"), status_code=409)


def _visitor(visit: Visit) -> BuyerScope | None:
    return None if visit.session is None else visit.buyer_scope


def _filled_in(visit: Visit, shown: Shown) -> dict[str, str]:
    """The form as it is before anything is typed."""
    identity = _identity(visit)
    return {**form_values(shown.detail), "email": shown.email or (identity if "@" in identity else "")}


def _details(shown: Shown, form: Mapping[str, str]) -> dict[str, str]:
    """The billing details of a form, and what it does not ask for."""
    known = form_values(shown.detail)
    return {name: known[name] for name in checkout.NOT_ASKED} | {name: text for name, text in form.items() if name in _DETAILS}


def _called(visit: Visit) -> str | None:
    """What the merchant calls a buyer who is new, where that is no e-mail address, by which he is found anyway."""
    identity = _identity(visit)
    return identity if "@" not in identity and product_rules.is_external_id(identity) else None


def _identity(visit: Visit) -> str:
    """Whom the merchant's program says that this checkout is for, by the customer token that it added to the address; see `enter`.
    One that was added to another page says nothing of it: anybody can have somebody open an address."""
    told = visit.unsealed("vouched")
    return told.get("identity", "") if told.get("page") == _path(visit) else ""


def _number(visit: Visit, name: str) -> int:
    """A number that our own page wrote into the form. Raises Refused("form_invalid") for anything else."""
    text = visit.form.get(name, "")
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise Refused("form_invalid")
    return int(text)


def _path(visit: Visit) -> str:
    return PATH.format(id=visit.id("CHK"))


def _return_address(visit: Visit) -> str:
    return visit.url(_path(visit) + checkout_address.RETURN)


def _wrong(visit: Visit, shown: Shown, form: Mapping[str, str], invalid: Invalid) -> Response:
    return _form(visit, shown, form, status=422, errors=words.field_errors(visit.language, invalid.errors))


def _form(  # noqa: PLR0917
    visit: Visit,
    shown: Shown,
    values: Mapping[str, str],
    status: int = 200,
    said: Message | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    others = dict(errors or {})
    of_email = {"email": others.pop("email")} if "email" in others else {}
    variables = form_variables(visit.language, values, others)
    return _show(
        visit, "checkout.html", shown, status, said, values=values,
        fields=[field for field in variables["fields"] if field.name in _DETAILS], countries=variables["countries"],
        errors={**of_email, **variables["errors"]}, email=shown.email if shown.email_is_fixed else values.get("email", ""),
        sign_in_url="" if shown.email_is_fixed else visit.url(f"/sign-in?next={quote(_path(visit), safe='/')}"),
    )  # fmt: skip


def _review(visit: Visit, shown: Shown, form: Mapping[str, str], *, status: int = 200, said: Message | None = None) -> Response:
    """What is ordered, by whom, for how much, with the button that binds; the form again where something in it is wrong."""
    errors: list[FieldError] = []
    email, details = shown.email, _details(shown, form)
    if not shown.email_is_fixed:
        try:
            email = canonical_email(form.get("email", ""))
        except Invalid as wrong:
            errors += wrong.errors
    try:
        offer = checkout.offer(
            visit.runtime, visit.store, visit.environment, shown.session.id, details, visitor=_visitor(visit), language=visit.language
        )
    except Invalid as wrong:
        return _wrong(visit, shown, form, Invalid([*errors, *wrong.errors]))
    if errors:
        return _wrong(visit, shown, form, Invalid(errors))
    detail = billing_detail.validate(details, language=visit.language)
    typed = {name: text for name, text in form.items() if name in _DETAILS}
    return _show(
        visit, "checkout_review.html", shown, status, said, offer=offer, detail=detail, email=email,
        address_lines=billing_detail.address_lines(detail, language=visit.language),
        sent=[*typed.items(), *([] if shown.email_is_fixed else [("email", email)])],
    )  # fmt: skip


def _show(visit: Visit, template: str, shown: Shown, status: int, said: Message | None, **variables: Any) -> Response:
    return view.lobby(
        visit, template, status_code=status, address=visit.url(_path(visit)), session=shown.session, product=shown.product,
        theme=shown.session.theme, email_is_fixed=shown.email_is_fixed, trial_days=shown.trial_days, status=shown.state.status,
        failure_code=shown.state.failure_code if said is _DECLINED else None,
        said=catalog(visit.language).message(said) if said is not None else "", **variables,
    )  # fmt: skip


def _state(visit: Visit, state: State, *, leaving: bool = False, status_code: int = 200) -> Response:
    """How it ended, or what it waits for. Who has just bought something is led back to the merchant, if that is wanted."""
    url = checkout_address.leads_to(state.session)
    leaving = leaving and url is not None
    response = view.lobby(
        visit, "checkout_state.html", status_code=status_code, address=visit.url(_path(visit)), state=state, leaving=leaving,
        url=url or state.session.cancel_url or "", session=state.session, theme=state.session.theme,
    )  # fmt: skip
    return replace(response, headers=(*response.headers, ("refresh", f"{_LEAVING_SECONDS}; url={url}"))) if leaving else response
