"""Another card: to the provider's page, where it is typed, and back."""

from portico.gateways.port import Unanswered
from portico.http.response import Response, see_other
from portico.services import card, standing
from portico.storage import card_setup
from portico.web import view
from portico.web.portal import done, payment
from portico.web.visit import Visit


def form(visit: Visit) -> Response:
    """What giving another card means, and the button for it; where there is none to give, the subscription's page says why."""
    subscription_id = visit.id("SUB")
    with visit.runtime.database.read() as tx:
        here = standing.look(tx, visit.runtime, visit.buyer_scope, subscription_id, store=visit.store)
    if here.why_not("update_card") is not None:
        return see_other(visit.url(f"/subscriptions/{subscription_id}"))
    return view.page(visit, "card.html", subscription=here.subscription)


def give(visit: Visit) -> Response:
    """On to the provider's page. No card number ever comes here."""
    return see_other(card.update_page(visit.runtime, visit.buyer_scope, visit.id("SUB"), language=visit.language))


def given(visit: Visit) -> Response:
    """Back from there: the provider says what happened, and an overdue payment has been tried with the new card already. Where it
    says nothing now, a job asks it again."""
    setup_id = visit.id("SET")
    try:
        finished = card.finish(visit.runtime, visit.buyer_scope, setup_id)
    except Unanswered:
        with visit.runtime.database.read() as tx:
            setup = card_setup.get(tx, visit.buyer_scope, setup_id)
        return done.go(visit, f"/subscriptions/{setup.subscription_id}", "card_waiting")
    if finished.payment_id is not None:
        return payment.after_charge(visit, finished.payment_id, finished.outcome, done="card_saved", about=finished.subscription_id)
    said = {"completed": "card_saved", "open": "card_waiting"}.get(finished.status, "card_kept")
    return done.go(visit, f"/subscriptions/{finished.subscription_id}", said, about=finished.subscription_id)
