"""docs/taxes.md, worked out anew."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from portico.domain.billing_detail import BillingDetail
from portico.domain.invoice import Seller
from portico.domain.place_of_supply import taxation
from portico.domain.subscription import taxed_as
from portico.domain.tax import TAX_REASONS, Taxation, TaxPolicy, TaxRule
from portico.domain.tax_table import AS_OF, COLUMNS, parse, starting_set
from tests.domain.samples import BUSINESS, MANAGED
from tests.domain.test_proration import change

TEXT = (Path(__file__).parents[2] / "docs" / "taxes.md").read_text(encoding="utf-8")
IDS = {"DE": "DE136695976", "FR": "FR40303265045", "GB": "GB980780684", "NO": "995525828MVA", "CH": "CHE-107.787.577 MWST",
       "AU": "51824753556", "BR": "16.727.230/0001-97"}  # fmt: skip


def rows(head: str) -> list[list[str]]:
    """The rows of the table whose first line begins like this."""
    lines = TEXT[TEXT.index(head) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_who_pays_what() -> None:
    rules = (*starting_set("DE", ("GB", "CH", "NO")), TaxRule("AU", date(2000, 7, 1), "10"))
    told = rows("| you | buyer")
    assert len(told) == 16
    for seller, buyer, shows_id, rate, reason, place in told:
        vat_id = IDS[buyer] if shows_id == "yes" else ""
        detail = BillingDetail(country=buyer, is_business=bool(vat_id), tax_id=vat_id)
        seller_is = Seller("Seller", country=seller)
        made = taxation(seller=seller_is, buyer=detail, category="saas", rules=rules, policy=TaxPolicy(), on=AS_OF)
        assert made is not None
        assert [made.rate, made.reason, made.country] == [rate, reason, place], (seller, buyer, shows_id)


def test_the_sample_of_a_table_is_one() -> None:
    sample = TEXT.split("```csv\n")[1].split("```")[0]
    assert len(parse(sample)) == 5
    assert sample.splitlines()[0] == ",".join(COLUMNS)
    assert not [reason for reason in TAX_REASONS if f"`{reason}`" not in TEXT]


def test_the_example_of_two_rates() -> None:
    credit, charge, together = (row[1:] for row in rows("| | net | rate"))
    subscription = taxed_as(replace(MANAGED, quantity=1), Taxation("20", "standard", "FR"))
    made = change(subscription, BUSINESS, credited=Taxation("19", "standard", "DE"))
    taxes = {tax.rate: f"{tax.tax_minor / 100:.2f}" for tax in made.taxes}
    assert [[f"{line.net_minor / 100:.2f}", line.tax_rate, taxes[line.tax_rate]] for line in made.lines] == [credit, charge]
    assert [f"{made.net_minor / 100:.2f}", "", f"{made.tax_minor / 100:.2f}"] == together
