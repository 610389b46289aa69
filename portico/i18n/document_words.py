"""What a document is called where the law of the seller's country has a word for it."""

from portico.domain.particulars import Title
from portico.i18n.catalog import N_, Message, catalog
from portico.i18n.words import KINDS

TITLES: dict[Title, Message] = {
    "invoice": KINDS["invoice"],
    "receipt": KINDS["receipt"],
    "credit_note": KINDS["credit_note"],
    "tax_invoice": N_("Tax invoice"),
    "adjustment_note": N_("Adjustment note"),
}


def title_word(tag: str, code: Title) -> str:
    """The title: "Invoice", "Tax invoice"."""
    return catalog(tag).message(TITLES[code])
