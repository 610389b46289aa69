"""What to say for each error code: one text without and, where an example helps, one with it."""

from portico.i18n.catalog import N_, Message

OTHER_ERROR = N_("That didn’t work. Please check it and try again.")

ERRORS: dict[str, tuple[Message, Message | None]] = {
    # Fields of a form
    "required": (N_("Please fill this in."), N_("Please fill this in, for example {example}.")),
    "too_long": (N_("This is too long. Please shorten it."), N_("This is too long. Please use at most {example} characters.")),
    "email_format": (
        N_("This isn’t a complete email address."),
        N_("This isn’t a complete email address. It looks like {example}."),
    ),
    "country_unknown": (N_("Please choose a country from the list."), None),
    "country_not_served": (N_("We can’t sell to this country yet. Please write to us."), None),
    "state_choice": (N_("Please choose one from the list."), N_("Please choose one from the list, for example {example}.")),
    "postal_code_format": (
        N_("This postal code doesn’t fit the country."),
        N_("This postal code doesn’t fit the country. It looks like {example}."),
    ),
    "postal_code_state": (
        N_("This postal code isn’t in the state above."),
        N_("This postal code isn’t in the state above. There it looks like {example}."),
    ),
    "tax_id_format": (
        N_("This tax ID doesn’t have the form used in this country."),
        N_("This tax ID doesn’t have the form used in this country. It looks like {example}."),
    ),
    "tax_id_checksum": (
        N_("This tax ID contains a typing mistake: its check digits don’t fit. Please compare it with your papers."),
        N_(
            "This tax ID contains a typing mistake: its check digits don’t fit. Please compare it with your papers. "
            "A right one looks like {example}."
        ),
    ),
    "tax_id_other_country": (
        N_("This tax ID belongs to another country. Please correct the ID or the country."),
        N_("This tax ID belongs to another country. Please correct the ID or the country. Here it looks like {example}."),
    ),
    "copy_email_format": (
        N_("One of these isn’t a complete email address. Each looks like name@example.com."),
        N_("“{example}” isn’t a complete email address. Each looks like name@example.com."),
    ),
    "copy_email_many": (N_("These are too many addresses."), N_("These are too many addresses. Please keep at most {example}.")),
    "tax_is_due": (N_("With these details tax would be due, but this invoice was issued without any. Please write to us."), None),
    "date_format": (N_("Please choose a day."), N_("Please choose a day. It is written like {example}.")),
    "reason_not_offered": (N_("Please choose one from the list."), None),
    # Texts and amounts about a subscription or a payment
    "card_number": (N_("This looks like a card number. Please leave it out: we never ask for it here."), None),
    "refund_amount": (N_("Please give an amount up to what you can still get back."), None),
    "amount_format": (N_("This isn’t an amount."), N_("This isn’t an amount. It looks like {example}.")),
}

# The same, when the country that an error is about is known.
ERRORS_OF_A_COUNTRY: dict[str, tuple[Message, Message | None]] = {
    "country_unknown": (N_("Please choose a country from the list, for example {country}."), None),
    "tax_id_other_country": (
        N_("This looks like a tax ID of another country ({country}). Please correct the ID or the country."),
        N_("This looks like a tax ID of another country ({country}). Please correct the ID or the country. Here it looks like {example}."),
    ),
}
