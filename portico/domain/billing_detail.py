"""Whom a document is made out to. The buyer's profile prefills it; each order keeps its own copy."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from portico.domain import address_rules, copy_emails, tax_id
from portico.domain.address_rules import AddressRules
from portico.domain.errors import FieldError, Invalid, Refused
from portico.domain.typed import INVISIBLE, compact, composed, plain

# Where tax depends on the place within the country, so a document cannot do without.
_STATE_REQUIRED = frozenset({"US", "CA"})
_POSTAL_CODE_REQUIRED = frozenset({"US"})
# Codes that are what people write in an address; elsewhere the area's name is printed.
_AREA_CODE_IS_WRITTEN = frozenset({"US", "CA", "AU", "BR", "IT"})
# How a postal code is spaced: separator, and how many characters follow it in a code of how many.
_SPACING: dict[str, tuple[str, int, tuple[int, ...]]] = {
    "BR": ("-", 3, (8,)), "CA": (" ", 3, (6,)), "CZ": (" ", 2, (5,)), "GB": (" ", 3, (5, 6, 7)), "GG": (" ", 3, (6, 7)),
    "GR": (" ", 2, (5,)), "IE": (" ", 4, (7,)), "IM": (" ", 3, (6, 7)), "JE": (" ", 3, (6, 7)), "JP": ("-", 4, (7,)),
    "NL": (" ", 2, (6,)), "PL": ("-", 3, (5,)), "PT": ("-", 3, (7,)), "SE": (" ", 2, (5,)), "SK": (" ", 2, (5,)), "US": ("-", 4, (9,)),
}  # fmt: skip
_LONGEST: dict[str, int] = {
    "name": 120, "business_name": 120, "tax_id": 40, "line1": 120, "line2": 120, "city": 80, "state": 80, "postal_code": 20,
    "po_number": 60, "cost_centre": 60,
}  # fmt: skip
_LONGEST_COUNTRY = 2
_BUSINESS_NAME_EXAMPLE, _COUNTRY_EXAMPLE = "Example Ltd", "DE"
_TRUE = frozenset({"1", "true", "yes", "on"})
# Letters and signs that are drawn as nothing (of Hangul and Braille), and what is nothing without a letter: marks, joiners, spaces.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_NEVER_ALONE = frozenset({"Mn", "Mc", "Me", "Cf", "Zs"})
_POSTAL_LABELS = {"postal": "postal_code", "zip": "zip", "eircode": "eircode", "pin": "pin"}

# Every code an error of this form can carry, and every label a field can have: the catalogues must have words for each.
ERROR_CODES: tuple[str, ...] = (
    "required", "too_long", "country_unknown", "state_choice", "postal_code_format", "postal_code_state",
    *tax_id.ERROR_CODES, *copy_emails.ERROR_CODES,
)  # fmt: skip
LABEL_CODES: tuple[str, ...] = (
    "country", "name", "is_business", "business_name", "tax_id", "line1", "line2",
    "city", "district", "post_town", "suburb",
    "state", "province", "prefecture", "county", "department", "emirate", "island", "oblast", "parish", "area", "do_si",
    "postal_code", "zip", "eircode", "pin",
    "po_number", "cost_centre", "copy_emails",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BillingDetail:
    """`country` is ISO 3166-1 alpha-2; `state` the code the country's address rules use; empty strings mean not given."""

    country: str = ""
    name: str = ""
    is_business: bool = False
    business_name: str = ""
    tax_id: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    po_number: str = ""  # the buyer's own order number (EN 16931 BT-13)
    cost_centre: str = ""  # where the buyer books it (BT-19)
    copy_emails: tuple[str, ...] = ()  # who else gets the documents; never printed on them


@dataclass(frozen=True, slots=True)
class FormField:
    """A field to ask for. `label_code` is one of LABEL_CODES; `choices` are (value, label) pairs, none for free text;
    `example` is a value to show, not to prefill; `longest` is in characters; `lines` is how many lines of text it holds."""

    name: str
    label_code: str
    required: bool
    choices: tuple[tuple[str, str], ...] = ()
    example: str = ""
    longest: int = 0
    lines: int = 1


def countries() -> tuple[str, ...]:
    """The countries offered, by code. Names, and the order by name, belong to the page's language."""
    return address_rules.country_codes()


def form_fields(country: str, *, language: str = "en", is_business: bool = False) -> tuple[FormField, ...]:
    """The fields of a country's form in the order its people write them; only those its addresses have.

    `language` picks the choices' labels. An unknown or empty country asks for the country alone.
    """
    ask_country = FormField("country", "country", True)
    if country not in countries():
        return (ask_country,)
    rules = address_rules.rules(country)
    about = (
        FormField("name", "name", False, longest=_LONGEST["name"]),
        FormField("is_business", "is_business", False),
        FormField("business_name", "business_name", is_business, longest=_LONGEST["business_name"]),
        FormField("tax_id", "tax_id", False, example=tax_id.example(country), longest=_LONGEST["tax_id"]),
    )
    place: list[FormField] = []
    for letter in re.findall(r"%([ACSZ])", rules.format_for(language)):
        place += _place_fields(letter, rules, language)
    own_words = (
        FormField("po_number", "po_number", False, longest=_LONGEST["po_number"]),
        FormField("cost_centre", "cost_centre", False, longest=_LONGEST["cost_centre"]),
        FormField(copy_emails.FIELD, copy_emails.FIELD, False, longest=copy_emails.LONGEST_TEXT, lines=copy_emails.MOST),
    )
    return (ask_country, *about, *place, *own_words)


def validate(raw: Mapping[str, str], *, own_email: str = "", language: str = "en") -> BillingDetail:
    """A form's fields as billing details, or Invalid with every error at once.

    Text is NFC, without control characters and stray spaces; nothing is re-cased but postal codes and tax ids. Fields the
    country's addresses do not have are dropped (in JP, where the street line holds the town, `city` goes before `line1`), as
    are a business's name and tax id when `is_business` is not set. US and CA need a state and the US a ZIP code; whoever
    begins an address with `line1` must finish it as the country's post requires. `copy_emails` is one text, as `copy_emails.read`
    takes it, without the buyer's `own_email`. Examples in errors are for a reader of `language`.
    """
    given = {name: _clean(raw.get(name, ""), most) for name, most in _LONGEST.items()}
    errors = [FieldError(name, "too_long", str(most)) for name, most in _LONGEST.items() if len(given[name]) > most]
    country = _clean(raw.get("country", ""), _LONGEST_COUNTRY).upper()
    is_business = raw.get("is_business", "").strip().lower() in _TRUE
    if is_business and not given["business_name"]:
        errors.append(FieldError("business_name", "required", _BUSINESS_NAME_EXAMPLE))
    copies = _copy_emails(raw.get(copy_emails.FIELD, ""), own_email, errors)
    if country not in countries():
        errors.append(FieldError("country", "country_unknown", country=_COUNTRY_EXAMPLE))
        raise Invalid(errors)
    rules = address_rules.rules(country)
    place = _place(rules, given, errors, language)
    if is_business:
        given["tax_id"] = _tax_id(country, given["tax_id"], errors)
    if errors:
        raise Invalid(errors)
    of_a_business = {name: given[name] if is_business else "" for name in ("business_name", "tax_id")}
    as_typed = {name: given[name] for name in ("name", "po_number", "cost_centre")}
    return BillingDetail(country=country, is_business=is_business, **as_typed, **of_a_business, **place, copy_emails=copies)


def address_lines(detail: BillingDetail, *, language: str = "en") -> tuple[str, ...]:
    """The address as its country writes it, for a reader of `language`: street, place and area lines; no names, no country."""
    if detail.country not in countries():
        return tuple(line for line in (detail.line1, detail.line2, f"{detail.postal_code} {detail.city}".strip(), detail.state) if line)
    rules = address_rules.rules(detail.country)
    area = state_name(detail.country, detail.state, language=language)
    written = detail.state if detail.country in _AREA_CODE_IS_WRITTEN else area
    values = {"C": detail.city, "S": "" if area == detail.city else written, "Z": detail.postal_code}
    lines: list[str] = []
    for line in rules.format_for(language).split("%n"):
        if "%A" in line:
            lines += [detail.line1, detail.line2]
        lines.append(_fill(line.replace("%A", ""), values))
    return tuple(line for line in lines if line)


def state_name(country: str, state: str, *, language: str = "en") -> str:
    """The name of a state for a reader of `language`; the text itself where the country has no list of them."""
    area = address_rules.rules(country).area(state) if state and country in countries() else None
    return area.name(language) if area else state


def _place_fields(letter: str, rules: AddressRules, language: str) -> list[FormField]:
    if letter == "A":
        return [FormField(line, line, False, longest=_LONGEST[line]) for line in ("line1", "line2")]
    if letter == "C":
        return [FormField("city", rules.city_type, False, longest=_LONGEST["city"])]
    if letter == "S":
        choices = tuple((area.code, area.name(language)) for area in rules.areas)
        return [FormField("state", rules.area_type, rules.country in _STATE_REQUIRED, choices, longest=_LONGEST["state"])]
    required = rules.country in _POSTAL_CODE_REQUIRED
    return [FormField("postal_code", _POSTAL_LABELS[rules.postal_type], required, (), rules.postal_example, _LONGEST["postal_code"])]


def _place(rules: AddressRules, given: dict[str, str], errors: list[FieldError], language: str) -> dict[str, str]:
    line1, city = given["line1"], given["city"]
    if rules.country == "JP" and city and not line1.startswith(city):
        line1 = f"{city} {line1}".strip() if line1.isascii() else f"{city}{line1}"
        if len(line1) > _LONGEST["line1"] >= len(given["line1"]):
            errors.append(FieldError("line1", "too_long", str(_LONGEST["line1"])))
    place = {"line1": line1, "line2": given["line2"], "city": city if "C" in rules.fields else "", "state": "", "postal_code": ""}
    too_long = {error.field for error in errors}
    if "S" in rules.fields and "state" not in too_long:
        place["state"] = _state(rules, given["state"], errors, language)
    if "Z" in rules.fields and "postal_code" not in too_long:
        place["postal_code"] = _postal_code(rules, given["postal_code"], place["state"], errors)
    begun = rules.asked if given["line1"] else frozenset[str]()
    needed = {
        "city": "C" in begun,
        "state": "S" in begun or rules.country in _STATE_REQUIRED,
        "postal_code": "Z" in begun or rules.country in _POSTAL_CODE_REQUIRED,
    }
    examples = {"state": _area_example(rules, language), "postal_code": rules.postal_example}
    for name, is_needed in needed.items():
        if is_needed and not given[name]:
            errors.append(FieldError(name, "required", examples.get(name, ""), rules.country if name == "city" else ""))
    return place


def _area_example(rules: AddressRules, language: str) -> str:
    return rules.areas[0].name(language) if rules.areas else ""


def _state(rules: AddressRules, text: str, errors: list[FieldError], language: str) -> str:
    if not text or not rules.areas:
        return text
    area = rules.area(text)
    if area is None:
        errors.append(FieldError("state", "state_choice", _area_example(rules, language)))
        return ""
    return area.code


def _postal_code(rules: AddressRules, text: str, state: str, errors: list[FieldError]) -> str:
    if not text or rules.postal is None:
        return text
    code = next((form for form in _postal_forms(rules, plain(text).upper()) if rules.postal.fullmatch(form)), None)
    if code is None:
        errors.append(FieldError("postal_code", "postal_code_format", rules.postal_example))
        return ""
    area = rules.area(state) if state else None
    if area and area.postal_start and not area.postal_start.match(code):
        errors.append(FieldError("postal_code", "postal_code_state", area.postal_example))
    return code


def _postal_forms(rules: AddressRules, text: str) -> list[str]:
    """Ways to read a postal code, the likeliest first: spaced, as typed, and less or plus a country prefix ("CH-8001")."""
    forms = _spacings(rules.country, text)
    for prefix in filter(None, (rules.postal_prefix, rules.country, rules.country[0])):
        for separator in ("-", " ", ""):
            if text.startswith(f"{prefix}{separator}"):
                forms += _spacings(rules.country, text.removeprefix(f"{prefix}{separator}"))
    return [*forms, f"{rules.country}-{text}", f"{rules.country}{text}"]


def _spacings(country: str, text: str) -> list[str]:
    bare = compact(text)
    separator, tail, lengths = _SPACING.get(country, ("", 0, ()))
    spaced = [f"{bare[:-tail]}{separator}{bare[-tail:]}"] if len(bare) in lengths else []
    return [*spaced, text, bare]


def _tax_id(country: str, text: str, errors: list[FieldError]) -> str:
    if not text or len(text) > _LONGEST["tax_id"]:
        return ""
    try:
        return tax_id.check(country, text)
    except Refused as refused:
        elsewhere = refused.country if isinstance(refused, tax_id.OtherCountry) else ""
        errors.append(FieldError("tax_id", refused.code, tax_id.example(country), elsewhere))
        return ""


def _copy_emails(text: str, own_email: str, errors: list[FieldError]) -> tuple[str, ...]:
    try:
        return copy_emails.read(text, own=own_email)
    except Invalid as invalid:
        errors += invalid.errors
        return ()


def _fill(line: str, values: Mapping[str, str]) -> str:
    """One line of an address format. A literal glued to an empty field goes with it ("CH-%Z %C" -> "Zürich")."""
    parts = re.split(r"%([A-Z])", line)
    filled = parts[0] if len(parts) == 1 else ""
    for literal, letter in zip(parts[::2], parts[1::2], strict=False):
        value = values.get(letter, "")
        glued = literal[len(literal.rstrip()) :] if literal[-1:].isspace() else re.sub(r"\S+$", "", literal)
        filled += f"{literal}{value}" if value else glued
    return re.sub(r"\s{2,}", " ", filled).strip(" ,-/")


def _clean(text: str, longest: int) -> str:
    """NFC; no control, surrogate or direction-changing characters; white space runs as one space; nothing where there is nothing to see.
    What is too long may lose its end, and is still too long."""
    spaced = " ".join(text.split())
    visible = "".join(c for c in spaced if c not in INVISIBLE and unicodedata.category(c) not in ("Cc", "Cs"))
    if all(c in _BLANK or unicodedata.category(c) in _NEVER_ALONE for c in visible):
        return ""
    return composed(" ".join(visible.split()), longest)
