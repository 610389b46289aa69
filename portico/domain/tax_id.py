"""Tax ids of businesses, country by country: shape and, where the issuer defined one, check digits (python-stdnum).

This says that an id can exist, not that it was issued: asking the tax office (VIES, ...) is a service's work.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Protocol, cast

from stdnum import ean, get_cc_module
from stdnum.exceptions import InvalidChecksum, InvalidFormat, ValidationError

from portico.domain.errors import Refused
from portico.domain.typed import compact, plain

ERROR_CODES: tuple[str, ...] = ("tax_id_format", "tax_id_checksum", "tax_id_other_country")


class OtherCountry(Refused):
    """The id is one of `country` (ISO 3166-1 alpha-2), not of the country it was given for."""

    def __init__(self, country: str) -> None:
        super().__init__("tax_id_other_country")
        self.country = country


# One way an id can be right: takes the id without separators, gives it as it is stored, or raises stdnum's ValidationError.
_Way = Callable[[str], str]

_UNION = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
# What VAT ids begin with: the country, but EL for Greece (Directive 2006/112/EC art. 215); Monaco is within France's
# territory for VAT and the Isle of Man within Britain's; XI is Northern Ireland.
_VAT_PREFIX = {**{country: country for country in _UNION}, "GR": "EL", "GB": "GB", "IM": "GB", "MC": "FR"}
_COUNTRY_OF_PREFIX = {**{country: country for country in _UNION}, "EL": "GR", "GB": "GB", "XI": "GB"}
_LONGEST = 40
# Ids without a prefix that give their country away all the same, by letters or by the separators they are typed with.
_TELLING = {
    "BR": re.compile(r"[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/[0-9A-Z]{4}-?\d\d"),
    "CA": re.compile(r"\d{9}RT\d{4}"),
    "CN": re.compile(r"[0-9A-Z]{18}"),
    "IN": re.compile(r"\d\d[A-Z]{5}\d{4}[A-Z][0-9A-Z]Z[0-9A-Z]"),
    "JP": re.compile(r"T\d{13}"),
    "KR": re.compile(r"\d{3}-\d\d-\d{5}"),
    "MX": re.compile(r"[A-Z&\u00d1]{3,4}\d{6}[0-9A-Z]{3}"),
    "NO": re.compile(r"(NO)?\d{9}MVA"),
    "US": re.compile(r"\d\d-\d{7}"),
}

# A well-formed id for every country with a rule; the tests hold each to its own rule.
_EXAMPLES = {
    "AD": "U132950X", "AE": "100123456700003", "AL": "K22218003V", "AR": "20267565393", "AT": "ATU13585627",
    "AU": "51824753556", "AZ": "1401555071", "BE": "BE0403019261", "BG": "BG175074752", "BH": "200012345600002",
    "BR": "16.727.230/0001-97", "BY": "200988541", "CA": "123026635RT0001", "CH": "CHE-107.787.577 MWST", "CL": "760864285",
    "CN": "91110000600037341L", "CO": "2131234321", "CR": "3101999999", "CY": "CY10259033P", "CZ": "CZ25123891",
    "DE": "DE136695976", "DK": "DK13585628", "DO": "101850043", "DZ": "408020000150039", "EC": "1792060346001",
    "EE": "EE100931558", "EG": "100531385", "ES": "ESB58378431", "FI": "FI20774740", "FO": "623857", "FR": "FR40303265045",
    "GB": "GB980780684", "GH": "C0000803561", "GN": "693770885", "GR": "EL094259216", "GT": "576937K", "HK": "12345678",
    "HR": "HR33392005961", "HU": "HU12892312", "ID": "013121660091000", "IE": "IE6433435F", "IL": "516179157",
    "IM": "GB980780684", "IN": "27AAPFU0939F1ZV", "IS": "00621", "IT": "IT00743110157", "JP": "T7000012050002",
    "KE": "P051365947M", "KR": "116-82-00276", "KZ": "123456789012", "LI": "54321", "LT": "LT119511515", "LU": "LU15027442",
    "LV": "LV40003521600", "MA": "001561191000066", "MC": "FR53000004605", "MD": "1008600038413", "ME": "02655284",
    "MK": "4030000375897", "MT": "MT11679112", "MX": "GODE561231GR8", "MY": "C1234567890", "MZ": "400339910",
    "NL": "NL004495445B01", "NO": "995525828MVA", "NZ": "49091850", "OM": "OM1100012345", "PE": "20512333797",
    "PH": "123456789000", "PL": "PL8567346215", "PR": "91-1144442", "PT": "PT501964843", "PY": "800280610", "RO": "RO18547290",
    "RS": "101134702", "RU": "1234567894", "SA": "300012345600003", "SE": "SE123456789701", "SG": "197401143C",
    "SI": "SI50223054", "SK": "SK2022749619", "SM": "24165", "SN": "3067221", "SV": "06140507071048", "TH": "0105536112014",
    "TN": "1234567MAE001", "TR": "4540536920", "TW": "00501503", "UA": "32855961", "US": "91-1144442", "UY": "211003420017",
    "VE": "V114702834", "VN": "0100233488", "XK": "810123456", "ZA": "4123456789",
}  # fmt: skip


def check(country: str, text: str) -> str:
    """The id as it is stored and printed, e.g. ("DE", "de 136 695 976") -> "DE136695976", ("US", "911144442") -> "91-1144442".

    Raises OtherCountry ("tax_id_other_country") for an id that can only be another country's, else Refused: "tax_id_checksum"
    for a right shape with wrong check digits, "tax_id_format" for all else. Where no rule is known, any 4 to 20 letters and
    digits pass that are not a VAT id of another country.
    """
    number = compact(text) if len(text) <= _LONGEST else ""
    if not re.fullmatch(r"[A-Z0-9\u00d1&]{2,}", number):
        raise Refused("tax_id_format")
    if country in ("US", "PR") and re.fullmatch(r"\d{3}-\d\d-\d{4}", plain(text).strip()):
        raise Refused("tax_id_format", "a social security number is not a business's id")
    ways = _ways(country)
    elsewhere = _vat_id_elsewhere(country, number)
    if not ways and elsewhere:
        raise OtherCountry(elsewhere)
    fault = "tax_id_format"
    for way in ways or (_shape("(?=.*[0-9])[A-Z0-9]{4,20}"),):
        try:
            return way(number)
        except InvalidChecksum:
            fault = "tax_id_checksum"
        except ValidationError:
            pass
    elsewhere = elsewhere or (_shaped_like(text) if fault == "tax_id_format" else "")
    raise OtherCountry(elsewhere) if elsewhere else Refused(fault)


def is_in_vies(country: str, number: str) -> bool:
    """Whether a checked id is one that the EU's register can be asked about: a member state's, or Northern Ireland's (XI)."""
    prefix = _VAT_PREFIX.get(country, "")
    return number.startswith("XI" if prefix == "GB" else prefix) and bool(prefix)


def example(country: str) -> str:
    """A well-formed id of the country to show beside the field, or "" where no rule is known."""
    return _EXAMPLES.get(country, "")


def _vat_id_elsewhere(country: str, number: str) -> str:
    """The other country whose VAT id it is, or "". In a country whose own ids have a prefix, another prefix is enough."""
    prefix, digits = number[:2], re.sub("[^0-9]", "", number)
    if number.startswith("CHE"):
        return "CH" if country not in ("CH", "LI") and len(digits) == 9 else ""
    if prefix not in _COUNTRY_OF_PREFIX or prefix in (country, _VAT_PREFIX.get(country)):
        return ""
    there = _COUNTRY_OF_PREFIX[prefix]
    if country in _VAT_PREFIX:
        return there if len(digits) >= 5 else ""
    return there if _passes(_stdnum(there), number) else ""


def _shaped_like(text: str) -> str:
    """The country whose ids alone are written like this, or ""."""
    typed = re.sub(r"\s", "", plain(text).upper())
    for country, shape in _TELLING.items():
        if shape.fullmatch(typed) and any(_passes(way, compact(typed)) for way in _ways(country)):
            return country
    return ""


def _passes(way: _Way, number: str) -> bool:
    try:
        way(number)
    except ValidationError:
        return False
    return True


@cache
def _ways(country: str) -> tuple[_Way, ...]:
    """The ways an id of the country can be right, tried in turn; none where no rule is known."""
    if country in _SPECIAL:
        return _SPECIAL[country]()
    if country in ("GB", "IM"):
        return (_northern_irish, _prefixed("GB", "GB"))
    if country in _VAT_PREFIX:
        return (_prefixed(_VAT_PREFIX[country], country),)
    return (_stdnum(country),) if country in _EXAMPLES else ()


class _Module(Protocol):
    """A number format of python-stdnum."""

    def validate(self, number: str) -> str: ...


def _stdnum(country: str, name: str = "vat", written: str = "") -> _Way:
    """By python-stdnum's module; `written` is a mask like "##-#######" in which the id is stored."""
    module = cast(_Module | None, get_cc_module(country.lower(), name))
    if module is None:
        raise LookupError(f"python-stdnum knows no {country} {name}")

    def way(number: str) -> str:
        try:
            characters = iter(module.validate(number))
        except ValidationError:
            raise
        except ValueError:  # a letter where it counts on digits (Ghana's)
            raise InvalidFormat from None
        return "".join(next(characters) if c == "#" else c for c in written) if written else "".join(characters)

    return way


def _prefixed(prefix: str, country: str) -> _Way:
    """By python-stdnum, stored with its VAT prefix whether it was typed or not."""
    validate = _stdnum(country)
    return lambda number: prefix + validate(number).removeprefix(prefix)


def _shape(pattern: str) -> _Way:
    """By its shape alone: no public check digits."""
    compiled = re.compile(pattern, re.ASCII)

    def way(number: str) -> str:
        if not compiled.fullmatch(number):
            raise InvalidFormat
        return number

    return way


def _northern_irish(number: str) -> str:
    if not number.startswith("XI"):
        raise InvalidFormat
    return "XI" + _stdnum("GB")(number)


def _japanese_invoice_issuer(number: str) -> str:
    """T and 13 digits (National Tax Agency). A corporation's are its corporate number, which has check digits and whose
    second digit is 0 to 5 or 7; other businesses' only have the shape."""
    if not re.fullmatch("T[1-9][0-9]{12}", number):
        raise InvalidFormat
    return "T" + _stdnum("JP")(number[1:]) if number[2] in "0123457" else number


def _swiss(number: str) -> str:
    """The business number with or without the VAT suffix, written as the register does: CHE-107.787.577 MWST."""
    body, suffix = re.fullmatch("(.*?)(MWST|TVA|IVA|TPV)?", number).groups("")  # type: ignore[union-attr]
    bare = _stdnum("CH", "uid")(body if body.startswith("CHE") else f"CHE{body}")
    return f"CHE-{bare[3:6]}.{bare[6:9]}.{bare[9:]} {suffix}".strip()


def _norwegian(number: str) -> str:
    body = number.removeprefix("NO").removesuffix("MVA")
    return _stdnum("NO", "orgnr")(body) + ("MVA" if number.endswith("MVA") else "")


def _korean(number: str) -> str:
    """python-stdnum knows the shape; the last digit is a check over the first nine, the ninth of which counts twice."""
    written = _stdnum("KR", written="###-##-#####")(number)
    digits = [int(c) for c in written if c != "-"]
    total = sum(digit * weight for digit, weight in zip(digits, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=False)) + digits[8] * 5 // 10
    if (total + digits[9]) % 10:
        raise InvalidChecksum
    return written


def _new_zealand_business_number(number: str) -> str:
    """A GS1 location number beginning 94 (Companies Office)."""
    if not re.fullmatch("94[0-9]{11}", number):
        raise InvalidFormat
    return ean.validate(number)


# What differs from "python-stdnum's VAT module". Shapes are those the tax offices publish; none has public check digits.
_SPECIAL: dict[str, Callable[[], tuple[_Way, ...]]] = {
    "AE": lambda: (_shape(r"100\d{12}"),),
    "BH": lambda: (_shape(r"\d{15}"),),
    "BR": lambda: (_stdnum("BR", written="##.###.###/####-##"),),
    "CH": lambda: (_swiss,),
    "HK": lambda: (_shape(r"\d{8}(\d{3})?"),),
    "IL": lambda: (_stdnum("IL"), _stdnum("IL", "idnr")),
    "JP": lambda: (_japanese_invoice_issuer, _stdnum("JP")),
    "KR": lambda: (_korean,),
    "KZ": lambda: (_shape(r"\d{12}"),),
    "LI": lambda: (_shape(r"(LI)?\d{5}"), _swiss),
    "MD": lambda: (_stdnum("MD", "idno"), _shape(r"\d{7}")),
    "MY": lambda: (_shape(r"[A-Z]{0,3}\d{8,14}"),),
    "NO": lambda: (_norwegian,),
    "NZ": lambda: (_stdnum("NZ"), _new_zealand_business_number),
    "OM": lambda: (_shape(r"(OM)?\d{7,10}"),),
    "PH": lambda: (_shape(r"\d{9}(\d{3}|\d{5})?"),),
    "PR": lambda: (_stdnum("US", "ein", written="##-#######"),),
    "SA": lambda: (_shape(r"3\d{13}3"),),
    "SG": lambda: (_stdnum("SG"), _shape(r"M[0-9R]\d{7}[0-9A-Z]")),
    "TR": lambda: (_stdnum("TR"), _stdnum("TR", "tckimlik")),
    "UA": lambda: (_stdnum("UA", "edrpou"), _stdnum("UA", "rntrc"), _shape(r"\d{12}")),
    "US": lambda: (_stdnum("US", "ein", written="##-#######"),),
    "XK": lambda: (_shape(r"\d{9}"),),
    "ZA": lambda: (_shape(r"4\d{9}"),),
}
