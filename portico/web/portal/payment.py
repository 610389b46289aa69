"""One payment: how it stands, the way to the bank that wants it confirmed, and another try."""

from urllib.parse import urlencode, urlsplit

from portico.domain.payment import Payment
from portico.domain.subscription import Subscription, is_final
from portico.http.response import Response, json, see_other
from portico.services import paying, standing
from portico.services.charging import Outcome
from portico.storage import document, subscription
from portico.storage import payment as payments
from portico.web import view
from portico.web.portal import balance
from portico.web.portal import done as finished
from portico.web.portal.chain import invoice_first, replaced_among
from portico.web.visit import Visit


def page(visit: Visit) -> Response:
    """How the payment stands: where its end is open, the provider is asked. The portal's script asks for the state alone."""
    found = paying.look(visit.runtime, visit.buyer_scope, visit.id("PAY"))
    state = balance.state_of(found)
    if visit.asked.wants_json:
        return json(200, {"state": state})
    if state == "succeeded" and (back := finished.back_from_the_bank(visit)) is not None:
        return back
    with visit.runtime.database.read() as tx:
        documents = document.of_payment(tx, visit.buyer_scope, found.id)
        plan = subscription.get(tx, visit.buyer_scope, found.subscription_id) if found.subscription_id else None
    can_pay, can_add_card = _what_helps(visit, found) if state == "failed" and plan is not None else (False, False)
    return view.page(
        visit,
        "payment.html",
        payment=found,
        state=state,
        failure_code=balance.failure_of(found),
        subscription=plan,
        documents=invoice_first(documents),
        replaced=replaced_among(documents),
        retry_url=_review_again(found, plan) if state == "failed" else "",
        can_pay=can_pay,
        can_add_card=can_add_card,
    )


def confirm(visit: Visit) -> Response:
    """On to the bank's page, or back to the payment's where nothing is left to confirm."""
    payment_id = visit.id("PAY")
    with visit.runtime.database.read() as tx:
        url = balance.action_url(payments.get(tx, visit.buyer_scope, payment_id))
    return see_other(url if url is not None else visit.url(f"/payments/{payment_id}"))


def pay(visit: Visit) -> Response:
    """Tries a payment that failed once more."""
    return _try(visit, visit.id("PAY"))


def pay_subscription(visit: Visit) -> Response:
    """Tries what a subscription owes once more."""
    return _try(visit, visit.id("SUB"))


def after_charge(visit: Visit, payment_id: str, outcome: Outcome | None, *, done: str = "", about: str = "") -> Response:
    """Where a buyer goes who has just been charged: to the bank if it wants a confirmation, else to the payment's page; or back to the
    merchant who sent him, once it is paid, to do what is `done` with it.

    A browser follows the answer to a form only to the origins that the security policy names, which are the provider's own; a bank
    that lives elsewhere is reached by a link on the payment's page.
    """
    if outcome is not None and outcome.status == "succeeded" and (back := finished.back(visit, done, about=about)) is not None:
        return back
    url = outcome.action_url if outcome is not None else None
    leads_there = url is not None and _origin(url) in visit.web.site.form_targets
    answer = see_other(url if url is not None and leads_there else visit.url(f"/payments/{payment_id}"))
    return finished.after_the_bank(visit, answer, done, about=about) if done else answer


def _try(visit: Visit, subject_id: str) -> Response:
    paid = paying.pay(visit.runtime, visit.buyer_scope, subject_id)
    return after_charge(visit, paid.payment_id, paid.outcome)


def _what_helps(visit: Visit, failed: Payment) -> tuple[bool, bool]:
    """Whether a failed payment can be tried again, and whether another card can be given."""
    with visit.runtime.database.read() as tx:
        here = standing.look(tx, visit.runtime, visit.buyer_scope, failed.subscription_id or "", store=visit.store)
    owed = here.standing.open_payment
    return here.why_not("pay") is None and owed is not None and owed.id == failed.id, here.why_not("update_card") is None


def _review_again(failed: Payment, plan: Subscription | None) -> str:
    """Where a change of plan that was not paid can be reviewed anew; empty for anything else."""
    if failed.change is None or plan is None or is_final(plan.status):
        return ""
    wanted = urlencode({"plan": failed.change.product_id, "quantity": failed.change.quantity})
    return f"/subscriptions/{plan.id}/change/review?{wanted}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
