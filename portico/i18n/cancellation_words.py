"""The reasons for leaving that every store starts with, as the one who leaves would put them."""

from portico.i18n.catalog import N_, Message

REASONS: dict[str, Message] = {
    "too_expensive": N_("It’s too expensive"),
    "missing_features": N_("Something I need is missing"),
    "switched_service": N_("I’ve found something else"),
    "unused": N_("I don’t use it enough"),
    "customer_service": N_("I’m not happy with the support"),
    "too_complex": N_("It’s too complicated"),
    "low_quality": N_("It doesn’t work well enough"),
    "other": N_("Another reason"),
}
