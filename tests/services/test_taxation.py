"""Taxing by a store's table: when billing details are saved, when a period is billed, when a plan is changed."""

import io
from dataclasses import replace
from datetime import date, timedelta

import pytest

from portico.domain.billing_detail import BillingDetail
from portico.domain.payment import Payment
from portico.domain.tax import Taxation, TaxLine, TaxPolicy, TaxRule
from portico.domain.tax_table import starting_set
from portico.services import billing_detail, check, importing, pause, plan_change, taxation
from portico.services.quote import Stale
from portico.services.store import set_seller
from portico.storage import document as documents
from portico.storage import exchange_rate, tables, tax_id_check, tax_rate
from portico.storage import store as stores
from portico.storage.database import count_statements
from tests.services.drive import work
from tests.services.shop import START, Shop
from tests.services.visits import Mailbox

GERMAN, FRENCH = Taxation("19", "standard", "DE"), Taxation("20", "standard", "FR")
REVERSED = Taxation("0", "reverse_charge", "AT")
MIDDLE = START + timedelta(days=15)
BERLIN = {"country": "DE", "name": "Ada Byron"}
PARIS = {"country": "FR", "name": "Ada Byron"}
VIENNA = {"country": "AT", "name": "Ada Byron", "is_business": "1", "business_name": "Byron OG", "tax_id": "ATU13585627"}


def tax_by_table(shop: Shop, *rules: TaxRule, policy: TaxPolicy | None = TaxPolicy()) -> None:  # noqa: B008
    """The store's table: the starting set of a German store, and more."""
    with shop.runtime.database.transaction() as tx:
        stores.set_tax_policy(tx, shop.store.store_id, policy)
        tax_rate.replace(tx, shop.store.store_id, (*starting_set("DE"), *rules))


def moves(shop: Shop, form: dict[str, str]) -> None:
    """The buyer saves other billing details."""
    _, version = billing_detail.read(shop.runtime, shop.ada)
    billing_detail.save(shop.runtime, shop.ada, form, version)


def taxes(payment: Payment) -> list[tuple[str, str, int, int, str]]:
    return [(tax.rate, tax.reason, tax.base_minor, tax.tax_minor, tax.country) for tax in payment.taxes]


def warnings(shop: Shop, name: str = "the_tax_table_says_what_is_due") -> list[tuple[str, str]]:
    found = check.run(shop.runtime.database, shop.clock.time)
    return [(finding.subject, finding.detail) for finding in found if finding.check == name]


def charge(shop: Shop, subscription_id: str) -> Payment:
    """The next period is billed and charged; its payment."""
    shop.clock.time = shop.read(subscription_id).period_end
    work(shop)
    return shop.payments(subscription_id)[-1]


def test_without_a_table_a_store_taxes_as_before(shop: Shop) -> None:
    subscription_id = shop.subscribe()
    before = shop.read(subscription_id)
    moves(shop, PARIS)
    assert shop.read(subscription_id) == before
    assert taxes(charge(shop, subscription_id)) == [("19", "standard", 1000, 190, "")]
    assert warnings(shop) == []
    shop.is_sound()


def test_the_next_charge_is_taxed_where_the_buyer_is(shop: Shop) -> None:
    tax_by_table(shop)
    subscription_id = shop.subscribe()
    imported = shop.read(subscription_id)
    moves(shop, BERLIN)
    found = shop.read(subscription_id)
    assert (found.taxation, found.version) == (GERMAN, imported.version + 1), "now it is known where"
    moves(shop, {**BERLIN, "city": "Bonn"})
    assert shop.read(subscription_id).version == found.version, "the tax is what it was"
    moves(shop, PARIS)
    assert shop.read(subscription_id).taxation == FRENCH
    paid = charge(shop, subscription_id)
    assert (taxes(paid), paid.total_minor, paid.lines[0].tax_rate) == ([("20", "standard", 1000, 200, "FR")], 1200, "20")
    moves(shop, VIENNA)
    paid = charge(shop, subscription_id)
    assert (taxes(paid), paid.total_minor) == ([("0", "reverse_charge", 1000, 0, "AT")], 1000)
    with shop.runtime.database.read() as connection:
        printed = documents.newest_invoice(connection, shop.ada, paid.id).content
    assert printed is not None
    assert printed.taxes == (TaxLine("0", "reverse_charge", 1000, 0, "AT"),), "the invoice prints what was charged"
    shop.is_sound()


def test_a_change_of_the_table_counts_from_its_day_on(shop: Shop) -> None:
    tax_by_table(shop, TaxRule("DE", date(2026, 5, 1), "21"))
    subscription_id = shop.subscribe()
    moves(shop, BERLIN)
    assert shop.read(subscription_id).tax_rate == "21", "the next charge is of May"
    offered = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1).change
    assert [tax.rate for tax in offered.taxes] == ["19"], "and what is charged today is of April"
    tax_by_table(shop, TaxRule("DE", date(2026, 5, 1), "21"), TaxRule("DE", date(2026, 6, 1), "22"))
    assert taxation.refresh_store(shop.runtime, shop.store.store_id) == 0
    assert taxes(charge(shop, subscription_id)) == [("21", "standard", 1000, 210, "DE")]
    assert shop.read(subscription_id).tax_rate == "22", "after May comes June"
    tax_by_table(shop)
    assert taxation.refresh_store(shop.runtime, shop.store.store_id) == 1
    assert shop.read(subscription_id).taxation == GERMAN


def test_an_upgrade_credits_old_time_at_the_rate_it_was_paid_with(shop: Shop) -> None:
    tax_by_table(shop)
    subscription_id = shop.subscribe("starter")
    shop.clock.time = MIDDLE
    moves(shop, VIENNA)
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    right = (TaxLine("0", "reverse_charge", 1000, 0, "AT"), TaxLine("19", "standard", -500, -95))
    assert (review.change.taxes, review.change.total_minor) == (right, 405)
    plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)
    paid = shop.payments(subscription_id)[-1]
    assert (paid.status, paid.taxes, paid.net_minor, paid.tax_minor, paid.total_minor) == ("succeeded", right, 500, -95, 405)
    assert shop.taken() == 1190 + 405
    again = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["yearly"], 1)
    assert again.change.taxes == (TaxLine("0", "reverse_charge", 29000, 0, "AT"),), "the second half was paid without tax"
    shop.is_sound()


def test_the_mail_says_which_tax_was_given_back_and_which_was_charged(shop: Shop, mailbox: Mailbox) -> None:
    tax_by_table(shop)
    subscription_id = shop.subscribe("starter")
    shop.clock.time = MIDDLE
    moves(shop, PARIS)
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)
    work(shop)
    (mail,) = [mail.text for mail in mailbox.mails() if "You switched from" in mail.text or "Unused time" in mail.text]
    told = [line.strip() for line in mail.splitlines() if "Tax" in line or "€6.05" in line]
    assert any("20%" in line and "€2.00" in line for line in told), mail
    assert any("19%" in line and "-€0.95" in line for line in told), mail
    assert any("€6.05" in line for line in told), mail


def test_what_is_imported_is_taxed_by_the_table_at_once(shop: Shop) -> None:
    tax_by_table(shop)
    prod = replace(shop.store, environment="prod")
    with shop.runtime.database.read() as connection:
        target = importing.Target(shop.runtime, stores.get(connection, prod.store_id), "prod")
    moves(shop, VIENNA)
    subscription_id = shop.subscribe("starter")
    assert shop.read(subscription_id).tax_rate == "19"
    importing.load(target, io.BytesIO(b'{"type": "product_group", "id": "more", "name": "More"}'), on_refusal=print)
    assert shop.read(subscription_id).taxation == REVERSED


def test_a_quote_from_before_the_tax_changed_is_not_taken(shop: Shop) -> None:
    tax_by_table(shop)
    subscription_id = shop.subscribe("starter")
    moves(shop, BERLIN)
    shop.clock.time = MIDDLE
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    moves(shop, VIENNA)
    with pytest.raises(Stale) as stale:
        plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)
    assert stale.value.code == "quote_moved"
    assert len(shop.payments(subscription_id)) == 1
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    tax_by_table(shop, TaxRule("AT", date(2026, 4, 1), "10", reason="reduced"), policy=TaxPolicy(eu_consumers="home"))
    plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)  # a business owes no tax, whatever the rate is


def test_a_plan_of_another_category_has_its_own_rate_from_then_on(shop: Shop) -> None:
    tax_by_table(shop, TaxRule("DE", date(2020, 1, 1), "7", category="ebook", reason="reduced"))
    shop.set(tables.product, shop.plans["pro"], tax_category="ebook")
    shop.set(tables.product, shop.plans["twin"], tax_category="ebook")
    reduced = Taxation("7", "reduced", "DE")
    now_one, later_one = shop.subscribe("starter"), shop.subscribe("starter")
    moves(shop, BERLIN)
    shop.clock.time = MIDDLE
    review = plan_change.review(shop.runtime, shop.ada, now_one, shop.plans["pro"], 1)
    assert [(tax.rate, tax.base_minor, tax.tax_minor) for tax in review.change.taxes] == [("7", 1000, 70), ("19", -500, -95)]
    plan_change.confirm(shop.runtime, shop.ada, now_one, review.quote)
    assert shop.read(now_one).taxation == reduced
    waiting = plan_change.review(shop.runtime, shop.ada, later_one, shop.plans["twin"], 1)
    plan_change.confirm(shop.runtime, shop.ada, later_one, waiting.quote)
    assert (shop.read(later_one).taxation, waiting.change.next_charge.total_minor) == (reduced, 1070)
    moves(shop, {**BERLIN, "city": "Bonn"})
    assert shop.read(later_one).taxation == reduced, "the plan that is charged next counts"
    plan_change.keep(shop.runtime, shop.ada, later_one)
    assert shop.read(later_one).taxation == GERMAN
    shop.is_sound()


def test_an_id_that_the_register_refused_is_taxed_as_a_consumers(shop: Shop) -> None:
    tax_by_table(shop, policy=TaxPolicy(check_vat_ids=True))
    subscription_id = shop.subscribe()
    moves(shop, VIENNA)
    assert shop.read(subscription_id).taxation == REVERSED, "until the register has answered"
    with shop.runtime.database.transaction() as tx:
        asked = tax_id_check.newest(tx, shop.ada, VIENNA["tax_id"])
        if asked is None:
            tax_id_check.create(tx, shop.ada, "TIC_1", VIENNA["tax_id"], START)
        tax_id_check.answered(tx, shop.ada, asked.id if asked else "TIC_1", "invalid", now=START)
    assert taxes(charge(shop, subscription_id)) == [("20", "standard", 1000, 200, "AT")]


def test_a_pause_that_is_ended_is_charged_todays_tax(shop: Shop) -> None:
    tax_by_table(shop, TaxRule("DE", date(2026, 6, 1), "21"))
    subscription_id = shop.subscribe("starter")
    moves(shop, BERLIN)
    pause.pause(shop.runtime, shop.ada, subscription_id, 1)
    shop.clock.time = shop.read(subscription_id).period_end + timedelta(days=3)
    work(shop)
    assert taxation.refresh_store(shop.runtime, shop.store.store_id) == 1
    assert (shop.read(subscription_id).status, shop.read(subscription_id).tax_rate) == ("paused", "21"), "it would go on in June"
    shown = pause.review_unpause(shop.runtime, shop.ada, subscription_id)
    done = pause.unpause_now(shop.runtime, shop.ada, subscription_id)
    assert (shown.charge.total_minor, taxes(shop.payments(done.subscription.id)[-1])) == (1190, [("19", "standard", 1000, 190, "DE")])
    assert shop.read(subscription_id).tax_rate == "21"


def test_who_is_in_no_table_is_warned_of_and_keeps_the_tax_that_was(shop: Shop) -> None:
    with shop.runtime.database.transaction() as tx:
        stores.set_tax_policy(tx, shop.store.store_id, TaxPolicy())
        tax_rate.replace(tx, shop.store.store_id, [rule for rule in starting_set("DE") if rule.country != "FR"])
    subscription_id = shop.subscribe()
    assert warnings(shop) == []
    moves(shop, PARIS)
    assert shop.read(subscription_id).tax_rate == "19"
    assert warnings(shop) == [(subscription_id, "no row for FR: it is charged the tax that it had")]
    assert charge(shop, subscription_id).tax_minor == 190
    moves(shop, VIENNA)
    assert warnings(shop) == []


def test_a_seller_who_moves_is_taxed_elsewhere(shop: Shop) -> None:
    tax_by_table(shop, TaxRule("GB", date(2011, 1, 4), "20"))
    subscription_id = shop.subscribe()
    moves(shop, {"country": "GB", "name": "Ada Byron", "is_business": "1", "business_name": "Byron Ltd", "tax_id": "GB980780684"})
    assert shop.read(subscription_id).taxation == Taxation("0", "reverse_charge", "GB")
    with shop.runtime.database.read() as connection:
        store = stores.get(connection, shop.store.store_id)
    set_seller(shop.runtime, store, replace(store.seller, country="GB"))
    assert shop.read(subscription_id).taxation == Taxation("20", "standard", "GB")


def test_what_is_not_ours_to_bill_stays_as_it_was_brought_in(shop: Shop) -> None:
    tax_by_table(shop)
    elsewhere = shop.subscribe(managed=False, due_at=None)
    before = shop.read(elsewhere)
    moves(shop, PARIS)
    assert shop.read(elsewhere) == before
    assert taxation.refresh_store(shop.runtime, shop.store.store_id) == 0
    assert warnings(shop) == []


def test_how_a_sale_would_have_been_taxed(shop: Shop) -> None:
    """What a correction asks of the past."""
    tax_by_table(shop)
    with shop.runtime.database.read() as connection:
        store = stores.get(connection, shop.store.store_id)
        vienna = BillingDetail(country="AT", is_business=True, business_name="Byron OG", tax_id=VIENNA["tax_id"])
        for what in (shop.plans["pro"], "saas"):
            assert taxation.of_sale(connection, store, shop.ada, vienna, what, date(2022, 1, 1)) == REVERSED
        private = replace(vienna, is_business=False, country="EE")
        assert taxation.of_sale(connection, store, shop.ada, private, "saas", date(2022, 1, 1)) == Taxation("20", "standard", "EE")
        assert taxation.of_sale(connection, replace(store, tax_policy=None), shop.ada, vienna, "saas", date(2022, 1, 1)) is None


def test_a_table_costs_few_statements(shop: Shop) -> None:
    tax_by_table(shop)
    subscription_id = shop.subscribe("starter")
    moves(shop, BERLIN)
    shop.clock.time = MIDDLE
    with count_statements(shop.runtime.database) as counted:
        plan_change.offers(shop.runtime, shop.ada, subscription_id)
    assert counted.count <= 6
    waits = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["cheap-yearly"], 1)
    with count_statements(shop.runtime.database) as counted:
        plan_change.confirm(shop.runtime, shop.ada, subscription_id, waits.quote)
    assert counted.count <= 12, counted.statements


def test_a_store_is_told_of_a_currency_without_a_rate_of_exchange(shop: Shop) -> None:
    def told() -> list[str]:
        return [detail for _, detail in warnings(shop, "tax_is_told_in_the_stores_currency")]

    def rates(*days: date) -> None:
        with shop.runtime.database.transaction() as tx:
            exchange_rate.replace(tx, shop.store.store_id, [("USD", "EUR", day, "0.86") for day in days])

    subscription_id, today = shop.subscribe(), START.date()
    assert told() == [], "euros are a German store's own"
    shop.set(tables.subscription, subscription_id, currency="USD")
    assert told() == ["no rate of USD to EUR: invoices say the tax in USD alone"]
    rates(today + timedelta(days=1), today - timedelta(days=63))
    assert told() == ["the newest rate of USD to EUR is of 2026-01-28"]
    rates(today - timedelta(days=62))
    assert told() == []
    rates()
    shop.set(tables.subscription, subscription_id, currency="EUR", tax_country="GB")
    assert told() == ["no rate of EUR to GBP: invoices say the tax in EUR alone"], "the country that gets the tax has its own"
    shop.set(tables.subscription, subscription_id, tax_rate="0", tax_reason="reverse_charge")
    assert told() == [], "there is no tax to tell"
