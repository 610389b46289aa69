"""Labels of the billing form, by code. What a country calls the parts of an address comes from its address rules."""

from portico.i18n.catalog import N_

LABELS = {
    "country": N_("Country or region"),
    "name": N_("Full name"),
    "is_business": N_("I’m buying as a business"),
    "business_name": N_("Business name"),
    "tax_id": N_("Tax ID"),
    "line1": N_("Street address"),
    "line2": N_("Apartment, suite, floor"),
    "city": N_("City"),
    "post_town": N_("Post town"),
    "suburb": N_("Suburb"),
    "state": N_("State"),
    "province": N_("Province"),
    "prefecture": N_("Prefecture"),
    "county": N_("County"),
    "department": N_("Department"),
    "district": N_("District"),
    "do_si": N_("Province or metropolitan city"),
    "emirate": N_("Emirate"),
    "island": N_("Island"),
    "oblast": N_("Oblast"),
    "parish": N_("Parish"),
    "area": N_("Area"),
    "postal_code": N_("Postal code"),
    "zip": N_("ZIP code"),
    "eircode": N_("Eircode"),
    "pin": N_("PIN code"),
}
