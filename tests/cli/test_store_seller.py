"""`portico store seller`: what the law wants on a store's invoices, and what the store has not said."""

import json
from pathlib import Path

import pytest

from portico import cli
from portico.cli.seller import PARTICULARS
from portico.domain.particulars import CODES
from portico.services import store as stores
from tests.services.shop import Shop

Captured = pytest.CaptureFixture[str]
SLUG = "nordlicht-plans"


def given(tmp_path: Path, **seller: str) -> str:
    file = tmp_path / "seller.json"
    file.write_text(json.dumps(seller))
    return str(file)


def test_a_store_is_told_what_its_invoices_lack(configured: Shop, tmp_path: Path, capsys: Captured) -> None:
    file = given(tmp_path, legal_name="Kita KK", country="JP", line1="1-1-1", tax_id="7000012050002")
    assert cli.run(["store", "seller", SLUG, "--file", file]) == 1
    said = capsys.readouterr()
    rows = [line.split("\t") for line in said.out.splitlines()]
    assert rows[:2] == [["your legal name", "(1) no. 1", ""], ["your tax id, in the form that the law gives it", "(1) no. 1", "missing"]]
    assert said.err.splitlines() == [
        "Sources are in: Consumption Tax Act art. 57-4 (qualified invoices).",
        "Missing: your tax id, in the form that the law gives it. Give it with --file.",
    ]


def test_what_is_given_is_printed_from_now_on(configured: Shop, tmp_path: Path, capsys: Captured) -> None:
    whole = {"legal_name": "Kita KK", "country": "JP", "line1": "1-1-1", "city": "Tokyo", "tax_id": "T7000012050002"}
    assert cli.run(["store", "seller", SLUG, "--file", given(tmp_path, **whole)]) == 0
    assert "missing" not in capsys.readouterr().out
    found = stores.find(configured.runtime, SLUG)
    assert found is not None
    assert (found.seller.legal_name, found.seller.tax_id, found.seller.website) == ("Kita KK", "T7000012050002", "")
    assert cli.run(["store", "seller", SLUG]) == 0


def test_a_country_without_a_table_says_so(configured: Shop, tmp_path: Path, capsys: Captured) -> None:
    assert cli.run(["store", "seller", SLUG, "--file", given(tmp_path, legal_name="Loja")]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == "your country\t\tmissing"
    assert "no table for this country" in said.err
    assert "Missing: your country; your address." in said.err


def test_every_particular_has_words() -> None:
    assert tuple(PARTICULARS) == CODES


@pytest.mark.parametrize("country", ["de", "Germany", "XX"])
def test_a_country_that_is_none_is_refused(configured: Shop, tmp_path: Path, capsys: Captured, country: str) -> None:
    before = stores.find(configured.runtime, SLUG)
    assert cli.run(["store", "seller", SLUG, "--file", given(tmp_path, legal_name="Kranich", country=country)]) == 2
    assert f"country {country!r} is no country's code by ISO 3166, such as DE" in capsys.readouterr().err
    assert stores.find(configured.runtime, SLUG) == before


@pytest.mark.parametrize("tax_id", ["DE136695977", "USt-IdNr. DE 136 695 977"])
def test_a_tax_id_with_wrong_check_digits_is_pointed_out(configured: Shop, tmp_path: Path, capsys: Captured, tax_id: str) -> None:
    whole = {"legal_name": "Kranich", "country": "DE", "line1": "Ring 1", "city": "Köln", "tax_id": tax_id}
    assert cli.run(["store", "seller", SLUG, "--file", given(tmp_path, **whole)]) == 1
    assert f"The check digits of {tax_id} are wrong." in capsys.readouterr().err
    assert cli.run(["store", "seller", SLUG, "--file", given(tmp_path, **{**whole, "tax_id": tax_id.replace("977", "976")})]) == 0
