"""The table of a pack: what accounting software books from."""

import csv
import io
from dataclasses import replace
from datetime import date

from portico.domain.document_line import DocumentLine
from portico.domain.invoice import Document, DocumentContent, LocalTax, TaxReturned
from portico.domain.tax import TaxLine
from portico.services import pack_texts
from tests.documents.samples import CANCELLATION, DECEMBER, NOVEMBER, ORDINARY, PLAN_CHANGE

MOVED = replace(
    PLAN_CHANGE,
    lines=(replace(PLAN_CHANGE.lines[0], unit_minor=-1450, net_minor=-1450), replace(PLAN_CHANGE.lines[1], tax_rate="20")),
    taxes=(TaxLine("19", "standard", -1450, -276, "DE"), TaxLine("20", "standard", 2450, 490, "FR", "CGI art. 278")),
    local_tax=LocalTax("PLN", 910, "4.2531", date(2026, 10, 30)),
)


def row(content: DocumentContent) -> dict[str, str]:
    issued = Document(
        "INV_1",
        content.kind,
        content.number,
        content.order_id,
        "PAY_1",
        content.issued_at,
        "en",
        content.currency,
        content.total_minor,
        content,
    )
    line = pack_texts.row(issued, {}, ()).decode()
    return dict(zip(pack_texts.COLUMNS, next(csv.reader(io.StringIO(line))), strict=True))


def test_what_is_told_by_rate_says_to_which_country_the_tax_goes() -> None:
    told = row(MOVED)
    assert {name: told[f"tax_{name}"] for name in ("rates", "countries", "bases", "amounts", "notes")} == {
        "rates": "19; 20", "countries": "DE; FR", "bases": "-14.50; 24.50", "amounts": "-2.76; 4.90", "notes": "; CGI art. 278",
    }  # fmt: skip
    assert (told["local_currency"], told["local_tax"], told["exchange_rate"]) == ("PLN", "9.10", "4.2531")
    assert told["exchange_rate_on"] == "2026-10-30"
    plain = row(ORDINARY)
    assert (plain["tax_countries"], plain["tax_notes"], plain["exchange_rate"]) == ("", "", "")


def test_what_was_sold_and_how_it_was_paid() -> None:
    lines = (DocumentLine("=1+1", 3, 100, 300, "19"), replace(PLAN_CHANGE.lines[0], description="Team, small"))
    told = row(replace(ORDINARY, lines=lines, language="de"))
    assert told["positions"] == "3 × =1+1; Nicht genutzte Zeit für Team, small"
    assert row(replace(ORDINARY, lines=(replace(lines[0], quantity=1),)))["positions"] == "'=1+1", "text stays text in a spreadsheet"
    assert (told["card"], row(replace(ORDINARY, method=None))["card"]) == ("visa 4242", "")
    corrected = row(replace(CANCELLATION, tax_returned=TaxReturned(551, NOVEMBER)))
    assert (corrected["tax_returned"], corrected["tax_returned_on"]) == ("5.51", corrected["issued_on"])
    assert (told["tax_returned"], told["tax_returned_on"]) == ("", "")


def test_a_cancellation_is_told_from_money_that_went_back() -> None:
    assert (row(CANCELLATION)["refers_to"], row(CANCELLATION)["counterpart"]) == ("INV-2026-000042", "INV-2026-000043")
    assert row(ORDINARY)["counterpart"] == ""


def test_the_days_are_those_that_are_printed() -> None:
    begins, ends = NOVEMBER.replace(month=2), NOVEMBER.replace(month=3, day=29, hour=22)  # midnight, on the day summer time began
    month = replace(ORDINARY, lines=(replace(ORDINARY.lines[0], period_start=begins, period_end=ends),))
    assert (row(month)["period_start"], row(month)["period_end"]) == ("2026-02-01", "2026-03-29")
    assert (row(MOVED)["period_start"], row(MOVED)["period_end"]) == ("2026-11-16", "2026-11-30")
    unit = replace(ORDINARY, lines=(DocumentLine("Handbook", 1, 4900, 4900, "19"), DocumentLine("More", 1, 0, 0, "19", DECEMBER, DECEMBER)))
    assert (row(unit)["period_start"], row(unit)["period_end"]) == ("2026-12-01", "2026-12-01")
    bought = replace(ORDINARY, lines=(DocumentLine("Handbook", 1, 4900, 4900, "19"),))
    assert (row(bought)["period_start"], row(bought)["period_end"]) == ("", "")
