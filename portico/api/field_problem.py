"""What is wrong with the fields of a request: all of them at once."""

import msgspec

from portico.domain.errors import FieldError, PorticoError
from portico.i18n.error_words import ERRORS, ERRORS_OF_A_COUNTRY, OTHER_ERROR

# Codes that only programs can meet; those that people meet, too, have the words of the pages.
DETAILS = {
    "required": "This field is required.",
    "field_unknown": "There is no such field.",
    "type": "This has the wrong type.",
    "text_format": "This holds a control character, or half of a surrogate pair.",
    "number_range": "This number is too large.",
    "name_format": "A name has 1 to 200 printable characters.",
    "description_format": "A description has at most 2000 characters.",
    "external_id_format": "An external id has 1 to 200 printable characters.",
    "currency_unknown": "This is no currency of ISO 4217, in capital letters.",
    "amount_range": "This amount is too large, or negative.",
    "currency_twice": "There is one price per currency.",
    "price_missing": "There is at least one price.",
    "interval": "A subscription has an interval; a one-time product has none.",
    "tax_category_unknown": "There is no such tax category.",
    "quantity_range": "The smallest quantity is at least 1, the largest at most 1000000 and not below it.",
    "only_subscriptions": "Only a subscription product may have this.",
    "language_unknown": "Portico does not speak this language.",
    "metadata_format": "Metadata has at most 20 texts, with names of up to 40 characters and values of up to 500.",
    "not_found": "There is none with this id.",
    "exactly_one_of": "Give exactly one of id, email and external_id.",
    "not_of_this_flow": "This is not what the flow is about: leave it out, or choose another flow.",
    "plan_not_in_group": "This product is not on sale in the group of the subscription's own.",
    "product_not_on_sale": "This product is not on sale: make it active, or sell another.",
    "price_in_currency": "The product has no price in this currency: add one, or send unit_amount.",
    "quantity_not_offered": "The product is not sold in this quantity; see its quantity_min and quantity_max.",
    "lifetime_range": "A checkout session lives for 60 seconds at least, and for 7 days (604800 seconds) at most.",
    "theme_unknown": "This is light or dark.",
    "external_id_taken": "Another order has this id.",
    "return_url_format": "This is no https URL: one has a host in ASCII, no user, no backslash, no space, and at most 1000 characters.",
    "url_not_allowed": "A webhook goes to https://, a public host name, the port 443, and no user, fragment or address in numbers.",
    "event_unknown": "There is no such event; docs/webhooks.md lists them.",
    "event_twice": "Name each type once.",
    "format_unknown": "The formats are standard and waffo.",
    "return_url_not_allowed": (
        "Its origin is not on the store's list. Put it there: `portico store return-origins STORE --add https://shop.example`, or "
        "`return_origins` of `PATCH /v1/portal-configuration`. With a sk_test_ key http://localhost and http://127.0.0.1 are good, too."
    ),
    "return_origins_number": "These are too many origins: at most 20.",
    "store_name_format": "A store's name has 1 to 100 printable characters.",
    "color_format": "This is no colour: one is written as #rrggbb.",
    "reason_not_offered": "The store offers no such reason. `cancel_reasons` of `GET /v1/portal-configuration` lists those that it does.",
    "reasons_number": "There are 1 to 20 reasons.",
    "reason_format": "A code has up to 40 lower-case letters, digits and underscores, and begins with a letter.",
    "reason_twice": "Each reason has a code of its own.",
    "label_missing": "A code that is not one of Portico's own needs words in at least one language.",
    "label_format": "The words are a line of 1 to 100 printable characters.",
    "until_before_since": "The end comes after the beginning.",
    "return_origin_format": "This is no origin: https, a host name in ASCII, perhaps a port, and nothing after it.",
}


class FieldProblem(msgspec.Struct, omit_defaults=True, frozen=True):
    """One wrong field. `field` is where it stands in the body ("prices/0/amount") or its name in the query; `code` is stable."""

    field: str
    code: str
    detail: str
    example: str = ""


class Unacceptable(PorticoError):
    """A request whose fields are not what the operation takes."""

    code = "invalid"

    def __init__(self, errors: list[FieldProblem]) -> None:
        super().__init__("; ".join(f"{each.field}: {each.code}" for each in errors))
        self.errors = tuple(errors)


def field_problem(field: str, code: str, example: str = "") -> FieldProblem:
    """A wrong field by its code, with the code's sentence."""
    return FieldProblem(field, code, _detail(code, example, ""), example)


def of_field(error: FieldError) -> FieldProblem:
    """What the domain says about a field."""
    return FieldProblem(error.field, error.code, _detail(error.code, error.example, error.country), error.example)


def _detail(code: str, example: str, country: str) -> str:
    if code in DETAILS:
        return DETAILS[code]
    plain, with_example = (ERRORS_OF_A_COUNTRY if country else {}).get(code) or ERRORS.get(code) or (OTHER_ERROR, None)
    words = with_example if example and with_example else plain
    return words.text.replace("{example}", example).replace("{country}", country)
