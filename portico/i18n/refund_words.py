"""How far a request for money back is: in a word, and in a sentence."""

from portico.i18n.catalog import N_, NP_, Message

TICKET_STATUSES: dict[str, Message] = {
    "pending": NP_("refund request", "Being looked at"),
    "approved": NP_("refund request", "Approved"),
    "rejected": NP_("refund request", "Declined"),
    "succeeded": NP_("refund request", "Refunded"),
    "failed": NP_("refund request", "On hold"),
}
TICKET_NOTES: dict[str, Message] = {
    "pending": N_("We’re looking into it and will email you the answer."),
    "approved": N_("Your request is granted. The refund is being made."),
    "rejected": N_("Your request was declined."),
    "succeeded": N_("The money is on its way. Your bank may need 5 to 10 business days to show it."),
    "failed": N_("Your request is granted, but the money couldn’t be sent. We’re looking into it."),
}
