"""`portico store tax` and `exchange`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from portico.cli.console import StoreName, find_store, note, open_runtime, print_table
from portico.cli.store import read_file
from portico.domain import exchange_rates, tax_table
from portico.domain.errors import FieldError, Invalid, PorticoError, Refused
from portico.domain.tax import TaxPolicy, TaxRule
from portico.services import store_tax
from portico.services.runtime import Runtime
from portico.storage.store import StoreRow

# What is wrong with a cell or a line of a file; what stands behind it is the example or the limit.
_WRONG: dict[str, str] = {
    "csv_empty": "there are no rows; the first line names the columns:",
    "csv_columns": "the first line must name columns of these, each once:",
    "csv_line": "longer than the most characters allowed:",
    "csv_cells": "more cells than the first line has columns:",
    "csv_long": "more rows than fit into a table:",
    "csv_twice": "there is another row for",
    "country_unknown": "no country's code by ISO 3166, such as",
    "state_unknown": "no state of this country; they are written like",
    "date_format": "no day, such as",
    "tax_reason_unknown": "no reason; there are",
    "tax_rate_format": "no percentage from 0 to 100, such as",
    "tax_reason_rate": "does not go with this rate; there are",
    "text_format": "must be printable and no longer than",
    "currency_unknown": "no currency's code by ISO 4217, such as",
    "currency_same": "the two currencies are the same",
    "exchange_rate_format": "no rate of exchange, such as",
}


def tax(
    store: StoreName,
    /,
    *,
    file: Annotated[Path | None, Parameter(help="A CSV file with the store's table; see docs/taxes.md.")] = None,
    starting_set: Annotated[
        bool,
        Parameter(
            negative="", show_default=False, help="Take the standard rates that Portico ships, for where the seller is. --file goes on top."
        ),
    ] = False,
    registered_in: Annotated[
        list[str] | None, Parameter(help="A further country of the starting set in which the store is registered, or EU. Repeatable.")
    ] = None,
    off: Annotated[
        bool, Parameter(negative="", show_default=False, help="Tax sales as they are brought in again; the table is kept.")
    ] = False,
    eu_consumers: Annotated[
        Literal["destination", "home"] | None, Parameter(help="Whose rate consumers in other EU states pay: their own, or the seller's.")
    ] = None,
    refund_tax: Annotated[bool | None, Parameter(help="Pay tax back that a VAT id shown later makes undue.")] = None,
    check_vat_ids: Annotated[bool | None, Parameter(help="Look EU VAT ids up in VIES.")] = None,
) -> None:
    """Shows a store's tax table and the rules it is used under, or changes them."""
    wishes = {"eu_consumers": eu_consumers, "refund_tax": refund_tax, "check_vat_ids": check_vat_ids}
    given = {name: wish for name, wish in wishes.items() if wish is not None}
    if off and (file or starting_set or registered_in or given):
        raise PorticoError("--off goes with nothing else")
    if registered_in and not starting_set:
        raise PorticoError("--registered-in goes with --starting-set")
    with open_runtime() as runtime:
        row = find_store(runtime, store)
        if off or file or starting_set or given:
            rules = _table(row, file, starting_set=starting_set, registered_in=registered_in or []) if file or starting_set else None
            policy = None if off else replace(row.tax_policy or TaxPolicy(), **given)
            row = _decide(runtime, row, policy, rules)
        rules = store_tax.table(runtime, row.id)
    columns = [(r.country, r.state, r.category, r.valid_from.isoformat(), r.rate, r.reason, r.note) for r in rules]
    print_table(tax_table.COLUMNS, columns)
    note(_in_words(row, rules))


def exchange(
    store: StoreName,
    /,
    *,
    file: Annotated[Path | None, Parameter(help="A CSV file with all rates of the store; see docs/taxes.md.")] = None,
) -> None:
    """Shows a store's rates of exchange, for the tax in its own currency on documents in another, or replaces them."""
    with open_runtime() as runtime:
        row = find_store(runtime, store)
        if file is not None:
            try:
                rates = exchange_rates.parse(_text(file))
            except Invalid as invalid:
                raise _said(file, invalid) from invalid
            store_tax.keep_exchange_rates(runtime, row.id, rates)
        rates = store_tax.exchange_rates(runtime, row.id)
    print_table(
        exchange_rates.COLUMNS,
        [(source, target, on.isoformat(), rate) for source, target, on, rate in rates],
        none="There are no rates yet; they come with: --file rates.csv",
    )


def _table(row: StoreRow, file: Path | None, *, starting_set: bool, registered_in: list[str]) -> tuple[TaxRule, ...]:
    """The table that is asked for: the starting set's part, with the file's rows on top."""
    shipped: tuple[TaxRule, ...] = ()
    if starting_set:
        try:
            shipped = tax_table.starting_set(row.seller.country, [country.upper() for country in registered_in])
        except Refused as refused:
            raise PorticoError(str(refused)) from refused
        if not shipped and file is None:
            raise PorticoError(
                f"the starting set has no rate for {row.seller.country or 'a seller without a country'}; give --file, or --registered-in"
            )
    if file is None:
        return shipped
    try:
        return store_tax.merged(shipped, tax_table.parse(_text(file)))
    except Invalid as invalid:
        raise _said(file, invalid) from invalid


def _decide(runtime: Runtime, row: StoreRow, policy: TaxPolicy | None, rules: tuple[TaxRule, ...] | None) -> StoreRow:
    try:
        changed = store_tax.decide(runtime, row, policy=policy, rules=rules)
    except Refused as refused:
        advice = {"seller_country": "see: portico store seller --help", "tax_table_empty": "give --starting-set or --file"}
        raise PorticoError(f"{refused}; {advice[refused.code]}") from refused
    note(f"Subscriptions that are taxed otherwise from their next charge on: {changed}")
    return replace(row, tax_policy=policy)


def _in_words(row: StoreRow, rules: tuple[TaxRule, ...]) -> str:
    policy = row.tax_policy
    if policy is None:
        return "Not in use: sales are taxed as they are brought in."
    said = [
        f"In use. Consumers in other EU states: {'their own' if policy.eu_consumers == 'destination' else 'the seller’s'} rate.",
        f"Tax that a VAT id makes undue: {'paid back' if policy.refund_tax else 'not charged any more'}.",
        f"VAT ids: {'looked up in VIES' if policy.check_vat_ids else 'not looked up'}.",
    ]
    if row.seller.country and not any(rule.country == row.seller.country for rule in rules):
        said.append(f"There is no row for {row.seller.country}, where the seller is.")
    return " ".join(said)


def _text(file: Path) -> str:
    try:
        return read_file(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PorticoError(f"{file} is not in UTF-8; save it as CSV UTF-8") from error


def _said(file: Path, invalid: Invalid) -> PorticoError:
    """Every error in a line of its own, the first twenty of them."""
    shown = [f"{file}, {_line(error)}" for error in invalid.errors[:20]]
    more = len(invalid.errors) - len(shown)
    return PorticoError("\n".join([*shown, *([f"{file}: {more} more"] if more else [])]))


def _line(error: FieldError) -> str:
    return f"{error.field}: {_WRONG.get(error.code, error.code)} {error.example}".rstrip()
