import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.eu import vat as eu_vat

from portico.domain import tax_id
from portico.domain.billing_detail import countries
from portico.domain.errors import Refused


def outcome(country: str, typed: str) -> tuple[str, str]:
    """What is stored, or the code of why not."""
    try:
        return tax_id.check(country, typed), ""
    except Refused as refused:
        return "", refused.code


WITH_RULE = [country for country in countries() if tax_id.example(country)]
UNION = [country for country in WITH_RULE if country.lower() in eu_vat.MEMBER_STATES]


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("DE", "de 136 695 976", "DE136695976"),
        ("DE", "136695976", "DE136695976"),
        ("DE", "\uff11\uff13\uff16\uff16\uff19\uff15\uff19\uff17\uff16", "DE136695976"),
        ("FR", "Fr 40 303 265 045", "FR40303265045"),
        ("FR", "K7399859412", "FRK7399859412"),
        ("IT", "00743110157", "IT00743110157"),
        ("ES", "B-58378431", "ESB58378431"),
        ("NL", "NL 4495445B01", "NL004495445B01"),
        ("AT", "atu13585627", "ATU13585627"),
        ("IE", "6433435F", "IE6433435F"),
        ("PL", "856-734-62-15", "PL8567346215"),
        ("BE", "BE 0403.019.261", "BE0403019261"),
        ("GR", "094259216", "EL094259216"),
        ("GR", "GR 094259216", "EL094259216"),
        ("GR", "EL 094259216", "EL094259216"),
        ("GB", "980 7806 84", "GB980780684"),
        ("GB", "XI 980 7806 84", "XI980780684"),
        ("IM", "GB 980 7806 84", "GB980780684"),
        ("MC", "53 0000 04605", "FR53000004605"),
        ("CH", "CHE-107.787.577 IVA", "CHE-107.787.577 IVA"),
        ("CH", "che107787577", "CHE-107.787.577"),
        ("CH", "107.787.577 MWST", "CHE-107.787.577 MWST"),
        ("LI", "54321", "54321"),
        ("LI", "CHE-107.787.577", "CHE-107.787.577"),
        ("NO", "NO 995 525 828 MVA", "995525828MVA"),
        ("NO", "988 077 917", "988077917"),
        ("US", "91-1144442", "91-1144442"),
        ("US", "911144442", "91-1144442"),
        ("PR", "911144442", "91-1144442"),
        ("CA", "12302 6635", "123026635"),
        ("CA", "12302 6635 RT 0001", "123026635RT0001"),
        ("JP", "7-0000-1205-0002", "7000012050002"),
        ("JP", "T7000012050002", "T7000012050002"),
        ("JP", "\uff347000012050002", "T7000012050002"),
        ("JP", "T3810000000001", "T3810000000001"),
        ("AU", "83 914 571 673", "83914571673"),
        ("NZ", "49-091-850", "49091850"),
        ("NZ", "9429041535110", "9429041535110"),
        ("IN", "27AAPFU0939F1ZV", "27AAPFU0939F1ZV"),
        ("BR", "16727230000197", "16.727.230/0001-97"),
        ("BR", "12.abc.345/01de-35", "12.ABC.345/01DE-35"),
        ("MX", "GODE 561231 GR8", "GODE561231GR8"),
        ("KR", "116-82-00276", "116-82-00276"),
        ("KR", "1168200276", "116-82-00276"),
        ("KR", "124-81-00998", "124-81-00998"),
        ("CN", "9 1 110000 600037341l", "91110000600037341L"),
        ("TW", "00501503", "00501503"),
        ("SG", "197401143c", "197401143C"),
        ("SG", "M90312345A", "M90312345A"),
        ("HK", "12345678", "12345678"),
        ("HK", "12345678-000", "12345678000"),
        ("AE", "1001 2345 6700 003", "100123456700003"),
        ("SA", "300012345600003", "300012345600003"),
        ("ZA", "4123456789", "4123456789"),
        ("TR", "17291716060", "17291716060"),
        ("EG", "\u0663\u0663\u0661-\u0661\u0660\u0665-\u0662\u0666\u0668", "331105268"),
        ("ID", "01.312.166.0-091.000", "013121660091000"),
        ("TH", "0 10 5 536 11201 4", "0105536112014"),
        ("VN", "0314409058-002", "0314409058002"),
        ("NP", "ab-1234", "AB1234"),
        ("NP", "600123456", "600123456"),
    ],
)
def test_a_right_one_is_stored_in_one_form(country: str, typed: str, stored: str) -> None:
    assert tax_id.check(country, typed) == stored


CHECKSUM, FORMAT, OTHER = "tax_id_checksum", "tax_id_format", "tax_id_other_country"


@pytest.mark.parametrize(
    ("country", "typed", "code"),
    [
        ("DE", "DE136695977", CHECKSUM),
        ("DE", "DE13669597", FORMAT),
        ("GH", "C000080B561", FORMAT),  # python-stdnum takes letters for digits here
        ("DE", "Steuer", FORMAT),
        ("DE", "", FORMAT),
        ("DE", "136\u0000695976", FORMAT),
        ("DE", "1" * 41, FORMAT),
        ("FR", "FR41303265045", CHECKSUM),
        ("IT", "IT00743110158", CHECKSUM),
        ("ES", "B58378430", CHECKSUM),
        ("NL", "NL123456789", FORMAT),
        ("GB", "GB980780685", CHECKSUM),
        ("CH", "CHE-107.787.578 IVA", CHECKSUM),
        ("CH", "CHE-107", FORMAT),
        ("NO", "995525829MVA", CHECKSUM),
        ("US", "07-1144442", FORMAT),
        ("US", "123-45-6789", FORMAT),
        ("US", "12-34567", FORMAT),
        ("CA", "123026636", CHECKSUM),
        ("CA", "123026635XX0001", FORMAT),
        ("JP", "6000012050002", CHECKSUM),
        ("JP", "T6000012050002", CHECKSUM),
        ("JP", "T0810000000001", FORMAT),
        ("JP", "T123", FORMAT),
        ("AU", "83914571674", CHECKSUM),
        ("AU", "123456789", FORMAT),
        ("NZ", "9429041535111", CHECKSUM),
        ("IN", "27AAPFU0939F1ZA", CHECKSUM),
        ("IN", "27AAPFU0939", FORMAT),
        ("BR", "16.727.230/0001-98", CHECKSUM),
        ("BR", "12ABC34501DE36", CHECKSUM),
        ("BR", "1672723000", FORMAT),
        ("MX", "GODE561331GR8", FORMAT),
        ("KR", "116-82-00277", CHECKSUM),
        ("CN", "91110000600037342L", CHECKSUM),
        ("CN", "911100006", FORMAT),
        ("TW", "00501502", CHECKSUM),
        ("SG", "197401143D", CHECKSUM),
        ("AE", "12345", FORMAT),
        ("SA", "100012345600003", FORMAT),
        ("HK", "1234567", FORMAT),
        ("ZA", "1123456789", FORMAT),
        ("NP", "abcd", FORMAT),
        ("NP", "123", FORMAT),
        ("DE", "FR40303265045", OTHER),
        ("FR", "DE136695976", OTHER),
        ("DE", "ATU1358562", OTHER),
        ("DE", "EL094259216", OTHER),
        ("DE", "XI980780684", OTHER),
        ("DE", "GB980780684", OTHER),
        ("AT", "CHE-107.787.577 MWST", OTHER),
        ("GB", "DE136695976", OTHER),
        ("IE", "XI980780684", OTHER),
        ("US", "DE136695976", OTHER),
        ("JP", "IE6433435F", OTHER),
        ("NP", "DE136695976", OTHER),
        ("US", "DE136695977", FORMAT),
        ("CH", "DE136695976", OTHER),
        ("MX", "ESPA800101XX", FORMAT),
    ],
)
def test_a_wrong_one_is_refused_for_its_reason(country: str, typed: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        tax_id.check(country, typed)
    assert refused.value.code == code
    assert code in tax_id.ERROR_CODES


@pytest.mark.parametrize(
    ("country", "typed", "elsewhere"),
    [
        ("DE", "FR40303265045", "FR"),
        ("DE", "EL094259216", "GR"),
        ("DE", "GR094259216", "GR"),
        ("IE", "XI980780684", "GB"),
        ("NP", "DE136695976", "DE"),
        ("AT", "CHE-107.787.577 MWST", "CH"),
        ("DE", "27AAPFU0939F1ZV", "IN"),
        ("DE", "27 AAPFU0939F 1ZV", "IN"),
        ("DE", "12.abc.345/01de-35", "BR"),
        ("PT", "16.727.230/0001-97", "BR"),
        ("US", "T7000012050002", "JP"),
        ("US", "995525828MVA", "NO"),
        ("US", "123026635RT0001", "CA"),
        ("US", "GODE561231GR8", "MX"),
        ("GB", "91110000600037341L", "CN"),
        ("GB", "116-82-00276", "KR"),
        ("FR", "91-1144442", "US"),
        ("FR", "911144442", ""),
        ("DE", "27AAPFU0939F1ZA", ""),
        ("NP", "27AAPFU0939F1ZV", ""),
    ],
)
def test_an_id_of_another_country_says_which(country: str, typed: str, elsewhere: str) -> None:
    try:
        tax_id.check(country, typed)
        found = ""
    except Refused as refused:
        found = refused.country if isinstance(refused, tax_id.OtherCountry) else ""
    assert found == elsewhere


@pytest.mark.parametrize("country", WITH_RULE)
def test_each_example_keeps_its_own_rule(country: str) -> None:
    assert tax_id.check(country, tax_id.example(country)) == tax_id.example(country)


def test_the_union_is_whole_and_stored_as_the_union_asks() -> None:
    assert len(UNION) == 27
    for country in UNION:
        assert eu_vat.is_valid(tax_id.check(country, tax_id.example(country)))


# Whose ids have no public check digits, or take any.
SHAPE_ONLY = {
    "AD",
    "AE",
    "AL",
    "AZ",
    "BH",
    "CO",
    "CR",
    "DZ",
    "EG",
    "FO",
    "GB",
    "GH",
    "HK",
    "IS",
    "KE",
    "KZ",
    "LI",
    "MX",
    "MY",
    "OM",
    "PH",
    "PR",
    "SA",
    "SM",
    "TN",
    "US",
    "XK",
    "ZA",
}


@pytest.mark.parametrize("country", sorted(set(WITH_RULE) - SHAPE_ONLY))
def test_one_wrong_digit_is_noticed(country: str) -> None:
    right = tax_id.example(country)
    places = [place for place, character in enumerate(right) if character.isdecimal()]
    wrong = [f"{right[:place]}{(int(right[place]) + 1) % 10}{right[place + 1 :]}" for place in places]
    codes = [outcome(country, typed)[1] for typed in wrong]
    assert codes.count("tax_id_checksum") * 2 > len(codes)


@given(st.sampled_from(countries()), st.text(max_size=45) | st.from_regex(r"[A-Z]{0,4}[0-9./ -]{4,16}[A-Z]{0,4}", fullmatch=True))
def test_any_text_is_stored_or_refused_and_the_stored_is_right(country: str, typed: str) -> None:
    stored, code = outcome(country, typed)
    if code:
        assert code in tax_id.ERROR_CODES
        return
    assert tax_id.check(country, stored) == stored
    assert re.fullmatch(r"[A-Z0-9\u00d1&./ -]{2,40}", stored)


def test_no_rule_no_example() -> None:
    assert tax_id.example("NP") == ""
    assert len(WITH_RULE) >= 80


@pytest.mark.parametrize(
    ("country", "number", "is_there"),
    [
        ("DE", "DE136695976", True),
        ("GR", "EL094259216", True),
        ("MC", "FR53000004605", True),
        ("GB", "XI980780684", True),
        ("GB", "GB980780684", False),
        ("IM", "GB980780684", False),
        ("CH", "CHE-107.787.577 MWST", False),
        ("MX", "ESPA800101XX1", False),
        ("NP", "DE136695976", False),
        ("NP", "AB1234", False),
        ("DE", "", False),
    ],
)
def test_the_register_of_the_union_has_its_own_ids_alone(country: str, number: str, is_there: bool) -> None:
    assert tax_id.is_in_vies(country, number) is is_there
