"""`portico store tax` and `exchange`: a store's own table."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from portico import cli
from portico.storage import tables
from tests.services.shop import Shop

Captured = pytest.CaptureFixture[str]
SLUG = "nordlicht-plans"


def run(capsys: Captured, *arguments: str) -> tuple[list[list[str]], str]:
    """A command that works: the cells it prints, and its notes."""
    assert cli.run(["store", *arguments]) == 0
    captured = capsys.readouterr()
    return [line.split("\t") for line in captured.out.splitlines()], captured.err


def refused(capsys: Captured, *arguments: str) -> list[str]:
    assert cli.run(["store", *arguments]) == 2
    return capsys.readouterr().err.splitlines()


def test_a_store_begins_without_a_table(configured: Shop, capsys: Captured) -> None:
    assert run(capsys, "tax", SLUG) == ([], "Not in use: sales are taxed as they are brought in.\n")
    assert refused(capsys, "tax", SLUG, "--refund-tax") == ["portico: the store's tax table has no rows; give --starting-set or --file"]


def test_the_starting_set_for_where_the_seller_is_and_is_registered(configured: Shop, capsys: Captured) -> None:
    subscription_id = configured.subscribe()
    rows, notes = run(capsys, "tax", SLUG, "--starting-set", "--registered-in", "gb", "--registered-in", "NO", "--eu-consumers", "home")
    assert {row[0] for row in rows} >= {"DE", "GR", "GB", "NO"}
    assert "CH" not in {row[0] for row in rows}
    assert ["RO", "", "standard", "2025-08-01", "21", "standard", ""] in rows
    assert notes.splitlines() == [
        "Subscriptions that are taxed otherwise from their next charge on: 1",
        "In use. Consumers in other EU states: the seller’s rate. Tax that a VAT id makes undue: not charged any more. "
        "VAT ids: not looked up.",
    ]
    assert configured.read(subscription_id).tax_country == "DE"
    kept, notes = run(capsys, "tax", SLUG, "--check-vat-ids", "--refund-tax")
    assert kept == rows
    assert "the seller’s rate. Tax that a VAT id makes undue: paid back. VAT ids: looked up in VIES." in notes
    assert "on: 0" in notes
    kept, notes = run(capsys, "tax", SLUG, "--off")
    assert (kept, notes.splitlines()[-1]) == (rows, "Not in use: sales are taxed as they are brought in.")


def test_a_file_is_the_table_or_goes_on_top_of_the_starting_set(configured: Shop, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "tax.csv"
    file.write_text("country,category,valid_from,rate,reason\nDE,ebook,2020-01-01,7,reduced\nDE,standard,2021-01-01,18,standard\n")
    rows, notes = run(capsys, "tax", SLUG, "--file", str(file))
    assert rows == [
        ["DE", "", "ebook", "2020-01-01", "7", "reduced", ""], ["DE", "", "standard", "2021-01-01", "18", "standard", ""],
    ]  # fmt: skip
    assert "where the seller is" not in notes
    rows, _ = run(capsys, "tax", SLUG, "--starting-set", "--file", str(file))
    assert [row[3:5] for row in rows if row[:3] == ["DE", "", "standard"]] == [
        ["2007-01-01", "19"], ["2020-07-01", "16"], ["2021-01-01", "18"],
    ]  # fmt: skip
    file.write_text("country,valid_from,rate\nFR,2014-01-01,20\n")
    assert "There is no row for DE, where the seller is." in run(capsys, "tax", SLUG, "--file", str(file))[1]


def test_what_is_wrong_with_a_file_is_said_by_line_and_changes_nothing(configured: Shop, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "tax.csv"
    file.write_text("country,valid_from,rate\nEL,2014-01-01,24\nDE,1.1.2021,19 %\n")
    assert refused(capsys, "tax", SLUG, "--file", str(file)) == [
        f"portico: {file}, line 2: country: no country's code by ISO 3166, such as GR",
        f"portico: {file}, line 3: valid_from: no day, such as 2026-01-01",
        f"portico: {file}, line 3: rate: no percentage from 0 to 100, such as 8.875",
    ]
    file.write_text("country,valid_from,rate\n" + "XX,2014-01-01,24\n" * 30)
    said = refused(capsys, "tax", SLUG, "--file", str(file))
    assert (len(said), said[-1]) == (21, f"portico: {file}: 10 more")
    file.write_bytes(b"country,valid_from,rate,note\nDE,2014-01-01,24,f\xfcr\n")
    assert refused(capsys, "tax", SLUG, "--file", str(file)) == [f"portico: {file} is not in UTF-8; save it as CSV UTF-8"]
    assert run(capsys, "tax", SLUG) == ([], "Not in use: sales are taxed as they are brought in.\n")


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        (["--off", "--starting-set"], "--off goes with nothing else"),
        (["--registered-in", "GB"], "--registered-in goes with --starting-set"),
        (["--starting-set", "--registered-in", "BR"], "the starting set has no rate of 'BR'"),
        (["--eu-consumers", "here"], "here"),
        (["--file", "none.csv"], "none.csv cannot be read"),
    ],
)
def test_wishes_that_cannot_be_met(configured: Shop, wishes: list[str], says: str, capsys: Captured) -> None:
    assert says in refused(capsys, "tax", SLUG, *wishes)[0]


def test_a_seller_who_is_nowhere_cannot_be_taxed(configured: Shop, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "tax.csv"
    file.write_text("country,valid_from,rate\nFR,2014-01-01,20\n")
    configured.set(tables.store, configured.store.store_id, seller={"legal_name": "Atlas"})
    assert "a seller without a country" in refused(capsys, "tax", SLUG, "--starting-set")[0]
    assert "the store's seller has no country" in refused(capsys, "tax", SLUG, "--file", str(file))[0]
    with configured.runtime.database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.tax_rate)).scalar() == 0


def test_rates_of_exchange(configured: Shop, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("currency_from;currency_to;valid_on;rate\nUSD;EUR;2026-11-02;0.8621\nUSD;EUR;2026-11-01;0.86\n")
    assert run(capsys, "exchange", SLUG, "--file", str(file))[0] == [
        ["USD", "EUR", "2026-11-01", "0.86"], ["USD", "EUR", "2026-11-02", "0.8621"],
    ]  # fmt: skip
    file.write_text("currency_from,currency_to,valid_on,rate\nUSD,USD,2026-11-02,1\n")
    assert refused(capsys, "exchange", SLUG, "--file", str(file)) == [
        f"portico: {file}, line 2: currency_to: the two currencies are the same"
    ]
    assert len(run(capsys, "exchange", SLUG)[0]) == 2
