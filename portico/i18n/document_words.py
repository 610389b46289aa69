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

# What the Official Journal calls the VAT Directive in languages that write the Community's initials their own way.
_COMMUNITY = {"de": "EG", "es": "CE", "fr": "CE", "it": "CE", "pl": "WE", "pt-BR": "CE"}


def vat_directive(tag: str) -> str:
    """The number of Directive 2006/112/EC as it is quoted in a language."""
    return f"2006/112/{_COMMUNITY.get(tag, 'EC')}"


def title_word(tag: str, code: Title) -> str:
    """The title: "Invoice", "Tax invoice"."""
    return catalog(tag).message(TITLES[code])
