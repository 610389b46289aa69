"""`portico refund sync`: what somebody gave back at the payment provider itself."""

from typing import Annotated

from cyclopts import Parameter

from portico.cli.console import open_runtime, say
from portico.domain.errors import NotFound, PorticoError, Refused
from portico.gateways.port import Unanswered
from portico.services import refund_at_provider

PaymentId = Annotated[str, Parameter(help="The payment's id, PAY_...")]
_LOOKED = {
    "done": "All that was given back at the provider is known here.",
    "waits": "Something is under way that comes first; try again when it has ended.",
    "refused": "Something was given back at the provider that cannot be: see the log, refund_exceeds or refund_differs.",
}


def sync(payment_id: PaymentId, /) -> None:
    """Asks the payment provider what was given back of a payment there, and takes in what is not known here."""
    with open_runtime() as runtime:
        try:
            looked = refund_at_provider.look_at_payment(runtime, payment_id)
        except NotFound as error:
            raise NotFound(f"there is no payment {payment_id!r} that Portico took") from error
        except Refused as refused:
            raise PorticoError("this environment has no payment provider (see docs/configuration.md)") from refused
        except Unanswered as silence:
            raise PorticoError("the payment provider does not answer; try again") from silence
    say(_LOOKED[looked])
