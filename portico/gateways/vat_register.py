"""The port to a register of VAT ids: what Portico asks, and what it may answer."""

from dataclasses import dataclass
from typing import Protocol

# The columns that keep an answer hold this much.
LONGEST_CONSULTATION_NUMBER, LONGEST_TEXT = 60, 500


@dataclass(frozen=True, slots=True)
class VatAnswer:
    """Whether the register knows an id. `consultation_number` is its own proof that it was asked, which it gives to who says his own
    id; `name` and `address` are whose the id is, where the state tells."""

    is_valid: bool
    consultation_number: str | None = None
    name: str | None = None
    address: str | None = None


class VatRegister(Protocol):
    """A register of VAT ids."""

    def ask(self, vat_id: str, *, asked_by: str = "") -> VatAnswer:
        """Looks an id up ("DE136695976", as domain.tax_id.check gives it) for the business with the VAT id `asked_by`, if it has one
        there. Raises gateways.port.Unanswered: nothing is known then, and it has to be asked again. Never called in a transaction."""
        ...
