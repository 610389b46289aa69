"""What a store decides about tax: its table, whether that is in use and under which rules, and its rates of exchange."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portico.domain import particulars
from portico.domain.errors import Refused
from portico.domain.tax import TaxPolicy, TaxRule
from portico.services import taxation
from portico.services.runtime import Runtime
from portico.storage import exchange_rate, tax_rate, taxed
from portico.storage import store as stores
from portico.storage.store import StoreRow

# Tax offices that publish averages do so a month later, and these count until the next ones are out.
_LONGEST_IN_USE = timedelta(days=62)


def table(runtime: Runtime, store_id: str) -> tuple[TaxRule, ...]:
    """The store's table by country, state, category and day."""
    with runtime.database.read() as connection:
        return tax_rate.of_store(connection, store_id)


def merged(under: Sequence[TaxRule], over: Sequence[TaxRule]) -> tuple[TaxRule, ...]:
    """Two tables as one; a row of `over` takes the place of one for the same country, state, category and day."""
    by_key = {(rule.country, rule.state, rule.category, rule.valid_from): rule for rule in (*under, *over)}
    return tuple(by_key[key] for key in sorted(by_key))


def decide(runtime: Runtime, store: StoreRow, *, policy: TaxPolicy | None, rules: Sequence[TaxRule] | None = None) -> int:
    """Puts the store's table in use under a policy, or out of use with None, and replaces its rows where `rules` are given; every
    subscription that is billed here is taxed by it from its next charge on. How many are then taxed otherwise than before.

    Raises Refused: "seller_country" when nobody knows where the store is, "tax_table_empty" for a table without rows.
    """
    if policy is not None and not store.seller.country:
        raise Refused("seller_country", "the store's seller has no country, so that nobody knows where it owes tax")
    with runtime.database.transaction() as tx:
        if rules is not None:
            tax_rate.replace(tx, store.id, rules)
        if policy is not None and not tax_rate.of_store(tx, store.id):
            raise Refused("tax_table_empty", "the store's tax table has no rows")
        stores.set_tax_policy(tx, store.id, policy)
    return taxation.refresh_store(runtime, store.id)


def exchange_rates(runtime: Runtime, store_id: str) -> tuple[tuple[str, str, date, str], ...]:
    """The store's rates: from, to, day, and how many of the second currency one of the first made."""
    with runtime.database.read() as connection:
        return exchange_rate.of_store(connection, store_id)


def keep_exchange_rates(runtime: Runtime, store_id: str, rates: Sequence[tuple[str, str, date, str]]) -> None:
    """Puts these rates in the place of those the store had."""
    with runtime.database.transaction() as tx:
        exchange_rate.replace(tx, store_id, rates)


def exchange_rates_wanted(tx: sa.Connection, now: datetime) -> Iterator[tuple[str, str]]:
    """Stores whose next invoices should tell the tax in another currency too, their own or that of the country that gets it, and cannot,
    or not by a rate of today: each with what is wrong."""
    for store in stores.every(tx):
        country, today = store.seller.country, now.astimezone(ZoneInfo(store.time_zone)).date()
        charged = {(currency, particulars.local_currency(country, [place])) for currency, place in taxed.currencies(tx, store.id)}
        for currency, told in sorted(charged):
            if told in ("", currency):
                continue
            found = exchange_rate.newest(tx, store.id, currency, told, particulars.exchanged_on(country, today))
            if found is None:
                yield store.id, f"no rate of {currency} to {told}: invoices say the tax in {currency} alone"
            elif today - found[1] > _LONGEST_IN_USE:
                yield store.id, f"the newest rate of {currency} to {told} is of {found[1].isoformat()}"
