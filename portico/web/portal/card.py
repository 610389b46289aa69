"""Another card: to the provider's page, where it is typed, and back."""

from portico.gateways.port import Unanswered
from portico.http.response import Response, see_other
from portico.services import card
from portico.storage import card_setup
from portico.web.portal import done, payment
from portico.web.visit import Visit


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
        return payment.after_charge(visit, finished.payment_id, finished.outcome)
    said = {"completed": "card_saved", "open": "card_waiting"}.get(finished.status, "card_kept")
    return done.go(visit, f"/subscriptions/{finished.subscription_id}", said)
