"""Why a document has no e-invoice, and what the reader can do about it, in a sentence or two."""

from portico.i18n.catalog import N_, Message

EINVOICE_WHY_NOT: dict[str, Message] = {
    "receipt": N_("A receipt is no invoice. You find the e-invoice with the invoice."),
    "buyer_country": N_("An e-invoice needs your country. Please add it to the billing details of this invoice."),
    "seller_country": N_("There is no e-invoice: the seller’s country isn’t on this document."),
    "seller_tax_id": N_("There is no e-invoice: the seller’s tax ID isn’t on this document."),
    "buyer_tax_id": N_("An e-invoice with reverse charge needs your tax ID. Please add it to the billing details of this invoice."),
    "mixed_scope": N_("There is no e-invoice: only a part of this document is outside the scope of tax. The format can’t say that."),
    "sales_tax": N_("There is no e-invoice: the format is made for value added tax, and this is a sales tax."),
    "tax_reason": N_("There is no e-invoice: this document doesn’t say clearly enough why each part was taxed as it was."),
    "tax_rounding": N_("There is no e-invoice: the tax was rounded further than the format allows."),
    "currency": N_("There is no e-invoice: the format doesn’t know this currency."),
    "decimals": N_("There is no e-invoice: the amounts have three decimals, and the format has room for two."),
}
OTHER_EINVOICE = N_("There is no e-invoice of this document. Please use the PDF.")
