"""`portico store seller`: what a store's documents say about it, what the law wants on them, and what is missing for that."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from portico.cli.console import StoreName, find_store, note, open_runtime, print_table
from portico.cli.store import read_seller
from portico.domain import particulars, tax_id
from portico.domain.errors import Refused
from portico.domain.invoice import Seller
from portico.services import store as stores

# What each particular is, for people who run a store. docs/documents.md says the same in a table.
PARTICULARS: dict[str, str] = {
    "seller_country": "your country",
    "seller_name": "your legal name",
    "seller_address": "your address",
    "seller_tax_id": "your tax id, in the form that the law gives it",
    "number": "a number in sequence",
    "short_number": "a number of 16 characters at most",
    "date_of_issue": "the date of issue",
    "date_of_supply": "the date of supply, or the period",
    "buyer_name": "the buyer's name",
    "buyer_address": "the buyer's address",
    "buyer_tax_id": "the buyer's tax id",
    "description": "what was sold",
    "quantity": "how much of it",
    "unit_price": "its price without tax",
    "taxable_amount": "the taxable amount, by rate",
    "tax_rate": "the rate of the tax",
    "tax_amount": "the tax, by rate",
    "total": "the total",
    "untaxed_reason": "why no tax is charged",
    "local_tax": "the tax in your own currency",
    "refers_to": "on a credit note: the invoice that it corrects",
    "reduced_mark": "a mark on what is taxed at the reduced rate",
    "place_of_supply": "the place of supply",
    "service_code": "the SAC or HSN code",
    "split_tax": "central and state tax apart",
}


def seller(
    store: StoreName,
    /,
    *,
    file: Annotated[Path | None, Parameter(help="A JSON file with what invoices print from now on; see docs/commands.md.")] = None,
) -> int:
    """Lists what the law of the store's country wants on an invoice, or replaces what the store's documents print about it. Exit
    code 1 when something of it is missing, or the tax id is mistyped."""
    with open_runtime() as runtime:
        printed = find_store(runtime, store).seller
        if file is not None:
            printed = stores.set_seller(runtime, find_store(runtime, store), read_seller(file)).seller
    rules, lacking = particulars.law(printed.country), particulars.seller_lacks(printed)
    wanted = [code for code in particulars.CODES if code in rules.required or code in lacking]
    print_table(
        ("particular", "source", ""),
        [(PARTICULARS[code], rules.required.get(code, ""), "missing" if code in lacking else "") for code in wanted],
    )
    note(f"Sources are in: {rules.act}." if any(rules.required.values()) else f"There is {rules.act}.")
    for what in rules.not_covered:
        note(f"Not covered: {what}.")
    if lacking:
        note(f"Missing: {'; '.join(PARTICULARS[code] for code in lacking)}. Give it with --file.")
    if mistyped := _is_mistyped(printed):
        note(f"The check digits of {printed.tax_id} are wrong. Please compare it with what the tax office gave you.")
    return 1 if lacking or mistyped else 0


def _is_mistyped(seller: Seller) -> bool:
    """Whether the tax id, with or without a label before it, has the country's shape but not its check digits."""
    number = " ".join(word for word in seller.tax_id.split() if any(letter.isdigit() for letter in word))
    try:
        tax_id.check(seller.country, number)
    except Refused as refused:
        return refused.code == "tax_id_checksum"
    return False
