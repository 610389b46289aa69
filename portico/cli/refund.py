"""`portico refund list`, `approve` and `reject`: what buyers ask back, and the answer of a person of the store."""

from typing import Annotated

from cyclopts import Parameter

from portico.cli.console import open_runtime, print_table, say
from portico.domain.errors import Conflict, Invalid, NotFound, PorticoError, Refused
from portico.domain.money import format_amount
from portico.services import refund
from portico.services import store as stores

TicketId = Annotated[str, Parameter(help="The request's id, TKT_...")]
Note = Annotated[str, Parameter(show_default=False, help="What the buyer is told, in up to 500 characters.")]
_WHY_NOT = {
    "no_gateway": "this environment has no payment provider (see docs/configuration.md)",
    "billed_elsewhere": "the payment was taken elsewhere, and can only be given back there",
    "correction_under_way": "tax of this payment is on its way back: try again when that is done",
    "payment_disputed": "the buyer's bank disputes the payment, or has taken it back",
    "refund_amount": "less than that is left of the payment: reject the request, and the buyer may ask for less",
}


def list_requests() -> None:
    """Lists the requests that wait for a decision, or for the provider, and the tax that is on its way back; oldest first."""
    with open_runtime() as runtime:
        slugs = {store.id: store.slug for store in stores.every(runtime)}
        rows = [
            (
                ticket.id, slugs[scope.store_id], scope.environment, ticket.status, "money",
                format_amount(ticket.amount_minor, ticket.currency), ticket.currency, ticket.payment_id,
                ticket.updated_at.isoformat(timespec="seconds"), " ".join(ticket.reason.split()),
            )
            for scope, ticket in refund.waiting(runtime)
        ]  # fmt: skip
        rows += [
            (
                given.refund.id, slugs[given.scope.store_id], given.scope.environment, given.refund.status, "tax",
                format_amount(given.refund.amount_minor, given.currency), given.currency, given.payment_id,
                given.refund.created_at.isoformat(timespec="seconds"), "",
            )
            for given in refund.taxes_under_way(runtime)
        ]  # fmt: skip
    print_table(
        ("id", "store", "environment", "status", "purpose", "amount", "currency", "payment", "asked", "reason"), rows, none="Nothing waits."
    )


def approve(ticket_id: TicketId, /, *, note: Note = "") -> None:
    """Grants a request. The money goes back the way it came, and the buyer gets a credit note, as soon as a worker has done it."""
    with open_runtime() as runtime:
        try:
            refund_id = refund.approve(runtime, ticket_id, note=note)
        except Refused as refused:
            raise PorticoError(_WHY_NOT.get(refused.code, refused.code)) from refused
        except (NotFound, Conflict, Invalid) as error:
            raise _explained(error, ticket_id) from error
    say(f"Approved {ticket_id}; the refund is {refund_id}.")


def reject(ticket_id: TicketId, /, *, note: Note = "") -> None:
    """Declines a request. The buyer is mailed the note, and may ask again."""
    with open_runtime() as runtime:
        try:
            refund.reject(runtime, ticket_id, note=note)
        except (NotFound, Conflict, Invalid) as error:
            raise _explained(error, ticket_id) from error
    say(f"Rejected {ticket_id}.")


def _explained(error: PorticoError, ticket_id: str) -> PorticoError:
    if isinstance(error, NotFound):
        return NotFound(f"there is no request {ticket_id!r}")
    if isinstance(error, Invalid):
        return PorticoError("--note must be at most 500 characters, and must not hold a card number")
    return PorticoError(f"{ticket_id} is decided already; see: portico refund list")
