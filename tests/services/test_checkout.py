"""Selling by a checkout: what is asked for, what is shown, and what is bought, against the bank's own ledger."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portico.domain.calendar import period_bounds
from portico.domain.errors import Invalid, NotFound, Refused
from portico.domain.tax import TaxPolicy
from portico.domain.tax_table import starting_set
from portico.gateways.port import Unanswered
from portico.sandbox import cards
from portico.services import cancellation, checkout, checkout_end, checkout_order, order
from portico.services.checkout import Asked
from portico.services.checkout_order import Placed
from portico.storage import buyer as buyers
from portico.storage import gateway_customer, tables, tax_rate
from portico.storage import store as stores
from tests.services.checkouts import GRACE, IN_GERMANY, Counter, counter_of
from tests.services.drive import deliver, told, work
from tests.services.shop import Shop


@pytest.fixture
def counter(shop: Shop) -> Counter:
    return counter_of(shop)


def wrong(invalid: pytest.ExceptionInfo[Invalid]) -> set[tuple[str, str]]:
    return {(error.field, error.code) for error in invalid.value.errors}


def with_table(counter: Counter) -> None:
    """The store charges tax by its table from now on."""
    with counter.shop.runtime.database.transaction() as tx:
        stores.set_tax_policy(tx, counter.shop.store.store_id, TaxPolicy())
        tax_rate.replace(tx, counter.shop.store.store_id, starting_set("DE"))


def test_something_bought_once_is_paid_documented_and_confirmed(counter: Counter) -> None:
    session = counter.open(quantity=2, order_external_id="A-1", metadata={"campaign": "spring"})
    placed = counter.place(session)
    assert (placed.url or "").startswith("https://bank.test/")
    assert counter.state(session).status == "card"
    done = counter.give_card(session)
    assert (done.status, done.session.status, counter.captured()) == ("completed", "completed", [4000])
    bought = counter.order(done.session.order_id)
    assert (bought.status, bought.quantity, bought.total_minor, bought.external_id) == ("completed", 2, 4000, "A-1")
    assert (bought.checkout_id, bought.metadata, bought.tax_reason) == (session.id, {"campaign": "spring"}, "outside_scope")
    (payment,) = bought.payments
    assert (payment.status, payment.purpose, payment.method and payment.method.last4) == ("succeeded", "purchase", "4242")
    assert counter.shop.mails() == ["order_confirmed"]
    assert counter.events() == [
        "buyer.created", "payment.succeeded", "checkout.completed", "order.completed", "document.issued", "document.issued",
    ]  # fmt: skip
    assert counter.shop.jobs("charge") == []
    counter.settle_down()


def test_a_subscription_begins_with_the_capture_of_its_first_period(counter: Counter) -> None:
    with_table(counter)
    session = counter.open(counter.course, trial=False)
    counter.place(session)
    counter.shop.clock.advance(minutes=20)
    done = counter.give_card(session)
    found = counter.shop.read(done.subscription_id or "", counter.owner(done.session.order_id))
    now = counter.shop.clock()
    assert (found.status, found.anchor, (found.period_start, found.period_end)) == ("active", now, period_bounds(now, "month", 0))
    assert (found.tax_rate, found.tax_country, found.due_at, counter.captured()) == ("19", "DE", found.period_end, [1190])
    (payment,) = counter.order(found.order_id).payments
    assert (payment.purpose, payment.period_start, payment.period_end) == ("period", found.period_start, found.period_end)
    assert [line.period_start for line in payment.lines] == [now]
    assert counter.shop.mails() == ["order_confirmed"]
    work(counter.shop, days=31)
    assert counter.captured() == [1190, 1190], "it renews from the card that was given"
    counter.settle_down()


def test_a_trial_begins_with_the_card_and_is_charged_when_it_is_over(counter: Counter) -> None:
    session = counter.open(counter.course)
    done = counter.buy(session)
    found = counter.shop.read(done.subscription_id or "", counter.owner(done.session.order_id))
    assert (done.status, found.status, found.trial_end) == ("completed", "trialing", counter.shop.clock() + timedelta(days=14))
    assert (found.due_at, found.method and found.method.last4, counter.captured()) == (found.trial_end, "4242", [])
    assert counter.shop.mails() == ["trial_started"]
    assert "subscription.trial_started" in counter.events()
    work(counter.shop, days=14, minutes=5)
    assert counter.captured() == [1000]
    assert counter.shop.read(found.id, counter.owner(found.order_id)).status == "active"
    counter.settle_down()


def test_what_costs_nothing_is_had_at_once(counter: Counter) -> None:
    session = counter.open(counter.gift)
    assert counter.place(session) == Placed(None)
    assert counter.place(session) == Placed(None), "again does nothing"
    assert (counter.state(session).status, counter.captured()) == ("completed", [])
    free = counter.open(counter.course, price_minor=0)
    assert counter.place(free) == Placed(None)
    done = counter.state(free)
    assert counter.shop.read(done.subscription_id or "", counter.owner(done.session.order_id)).status == "active"
    assert counter.shop.mails() == ["order_confirmed", "order_confirmed"]
    assert counter.visits(session) == []
    counter.settle_down()


def test_a_price_that_a_server_named_is_kept_and_so_is_the_offer(counter: Counter) -> None:
    session = counter.open(price_minor=1500)
    counter.shop.set(tables.product, counter.book, name="Atlas Book, 2nd edition", active=False)
    done = counter.buy(session)
    assert (counter.captured(), counter.order(done.session.order_id).product_name) == ([1500], "Atlas Book")


def test_everything_wrong_with_a_checkout_is_told_at_once(counter: Counter) -> None:
    counter.shop.set(tables.product, counter.gift, active=False)
    counter.buy(counter.open(order_external_id="taken"))
    with pytest.raises(Invalid) as invalid:
        counter.open(
            quantity=9, currency="USD", email="nobody", buyer_external_id="u-1", locale="xx", theme="blue", success_url="https://evil.example/",
            cancel_url="javascript:alert(1)", order_external_id="taken", lifetime_seconds=8 * 86_400, metadata={"a": "x" * 501},
            billing_detail={"country": "XX"},
        )  # fmt: skip
    assert wrong(invalid) == {
        ("quantity", "quantity_not_offered"), ("currency", "price_in_currency"), ("buyer_external_id", "not_found"),
        ("locale", "language_unknown"), ("theme", "theme_unknown"), ("success_url", "return_url_not_allowed"),
        ("cancel_url", "return_url_format"), ("order_external_id", "external_id_taken"), ("expires_in_seconds", "lifetime_range"),
        ("metadata", "metadata_format"), ("billing_detail/country", "country_unknown"),
    }  # fmt: skip
    for product, code in ((counter.gift, "product_not_on_sale"), (counter.shop.runtime.new_id("PROD"), "not_found"), ("", "not_found")):
        with pytest.raises(Invalid) as invalid:
            counter.open(product or "no id")
        assert wrong(invalid) == {("product_id", code)}
    for price, quantity in ((-1, 1), (2**62, 2)):
        with pytest.raises(Invalid) as invalid:
            counter.open(price_minor=price, quantity=quantity)
        assert wrong(invalid) == {("price", "amount_range")}


def test_tax_follows_the_country_and_is_charged_as_shown(counter: Counter) -> None:
    with_table(counter)
    session = counter.open()
    runtime, row = counter.shop.runtime, counter.row

    def offered(**detail: str) -> tuple[int, str]:
        found = checkout.offer(runtime, row, "prod", session.id, detail)
        return found.tax_minor, found.taxation.reason

    assert offered(country="DE") == (380, "standard")
    assert offered(country="FR") == (400, "standard")
    assert offered(country="US", state="CA", postal_code="94016") == (0, "outside_scope")
    business = {"country": "AT", "is_business": "1", "business_name": "Hopper OG", "tax_id": "ATU13585627"}
    assert offered(**business) == (0, "reverse_charge")
    with pytest.raises(checkout_order.NotAsShown):
        counter.place(session, total_minor=2400)
    assert counter.orders() == []
    counter.place(session, total_minor=2380, trial_days=0)
    done = counter.give_card(session)
    assert counter.captured() == [2380]
    (payment,) = counter.order(done.session.order_id).payments
    assert [(tax.rate, tax.country, tax.tax_minor) for tax in payment.taxes] == [("19", "DE", 380)]


def test_where_the_table_says_nothing_nothing_is_sold(counter: Counter) -> None:
    with counter.shop.runtime.database.transaction() as tx:
        stores.set_tax_policy(tx, counter.shop.store.store_id, TaxPolicy())
    session = counter.open()
    with pytest.raises(Invalid) as invalid:
        counter.place(session)
    assert wrong(invalid) == {("country", "country_not_served")}
    assert counter.look(session).offer is None


def test_the_form_is_wrong_in_all_its_fields_at_once(counter: Counter) -> None:
    with pytest.raises(Invalid) as invalid:
        counter.place(counter.open(), "nobody", detail_raw={"country": "US"})
    assert wrong(invalid) == {("email", "email_format"), ("state", "required"), ("postal_code", "required")}


def test_a_stranger_learns_and_changes_nothing_of_a_buyer(counter: Counter) -> None:
    ada, runtime = counter.shop.ada, counter.shop.runtime
    with runtime.database.transaction() as tx:
        gateway_customer.put(tx, ada, "sandbox", "cus_of_ada")
        before = buyers.billing_detail(tx, ada)
    session = counter.open(email="ada@example.com")
    shown = counter.look(session)
    assert (shown.email, shown.email_is_fixed, shown.detail.country, shown.offer) == ("ada@example.com", False, "", None)
    done = counter.buy(session, "ADA@example.com")
    assert counter.owner(done.session.order_id) == ada
    with runtime.database.read() as tx:
        assert gateway_customer.get(tx, ada, "sandbox") == "cus_of_ada"
        assert buyers.billing_detail(tx, ada) == before
    (visit,) = counter.visits(session)
    assert counter.shop.gateway.bank.setup(visit.reference).request.customer is None
    assert counter.order(done.session.order_id).billing_detail.name == "Grace Hopper"
    over = counter.look(session)
    assert (over.email, over.detail.name) == ("a•••@example.com", ""), "and who has its address later learns less"


def test_who_is_signed_in_keeps_what_he_ordered_with(counter: Counter) -> None:
    ada, runtime = counter.shop.ada, counter.shop.runtime
    with runtime.database.transaction() as tx:
        gateway_customer.put(tx, ada, "sandbox", counter.shop.card().customer)
    session = counter.open()
    assert counter.look(session, ada).email == "ada@example.com"
    counter.place(session, "else@example.com", visitor=ada, detail_raw={"country": "FR", "name": "Ada"})
    assert counter.owner(counter.state(session).session.order_id) == ada
    with runtime.database.read() as tx:
        assert buyers.billing_detail(tx, ada)[0].country == "FR"
    (visit,) = counter.visits(session)
    assert counter.shop.gateway.bank.setup(visit.reference).request.customer is not None


def test_a_buyer_whom_the_store_named_is_the_one_who_orders(counter: Counter) -> None:
    session = counter.open(buyer_id=counter.shop.ada.buyer_id)
    shown = counter.look(session)
    assert (shown.email, shown.email_is_fixed, shown.detail.name) == ("a•••@example.com", True, "")
    done = counter.buy(session, "eve@example.com")
    assert counter.owner(done.session.order_id) == counter.shop.ada


def test_a_trial_is_had_once_which_no_stranger_is_told_before_he_gives_a_card(counter: Counter) -> None:
    counter.buy(counter.open(counter.course))
    grace = counter.owner(counter.orders()[-1].id)
    again = counter.open(counter.course)
    assert counter.look(again, grace).state.status == "open"
    offer = checkout.offer(counter.shop.runtime, counter.row, "prod", again.id, IN_GERMANY)
    assert offer.trial_days == 14, "a stranger sees what everybody sees"
    assert checkout.offer(counter.shop.runtime, counter.row, "prod", again.id, IN_GERMANY, visitor=grace).trial_days == 0
    counter.place(again, trial_days=14)
    state = counter.give_card(again)
    assert (state.status, state.trial_used, counter.captured()) == ("open", True, []), "nothing is charged that was not shown"
    assert [row.status for row in counter.orders()] == ["trialing", "closed"]
    with pytest.raises(checkout_order.NotAsShown):
        counter.place(again, trial_days=14)
    assert counter.buy(again, trial_days=0, total_minor=1000).status == "completed"
    assert counter.captured() == [1000]
    assert counter.buy(counter.open(counter.course), visitor=grace).status == "completed"
    assert counter.captured() == [1000, 1000], "who is known is shown the price at once"
    counter.settle_down()


def test_a_group_may_share_its_trial(counter: Counter) -> None:
    shop = counter.shop
    shop.set(tables.product_group, shop.group, shared_trial=True)
    for one in (counter.course, shop.plans["pro"]):
        shop.set(tables.product, one, trial_days=14, group_id=shop.group)
    counter.buy(counter.open(counter.course))
    assert counter.buy(counter.open(shop.plans["pro"])).trial_used
    shop.set(tables.product_group, shop.group, shared_trial=False)
    assert counter.buy(counter.open(shop.plans["pro"])).status == "completed"


@pytest.mark.parametrize("what", ["book", "course"])
def test_another_card_may_be_given_after_one_is_declined(counter: Counter, what: str) -> None:
    session = counter.open(getattr(counter, what), trial=False)
    state = counter.buy(session, number=cards.DECLINES_CHARGES)
    assert (state.status, state.failure_code) == ("declined", "card_declined")
    assert (counter.order(state.session.order_id).status, counter.captured()) == ("pending", [])
    done = counter.buy(session)
    assert (done.status, done.session.order_id) == ("completed", state.session.order_id), "it is the same order"
    assert [attempt.status for attempt in counter.order(done.session.order_id).payments[0].attempts] == ["failed", "succeeded"]
    assert len(counter.captured()) == 1
    counter.settle_down()


def test_a_bank_that_asks_leads_on_and_back_to_the_checkout(counter: Counter) -> None:
    session = counter.open(counter.course, trial=False)
    state = counter.buy(session, number=cards.CONFIRMS)
    assert (state.status, (state.action_url or "")[:18]) == ("action", "https://bank.test/")
    (charge,) = {entry.charge.id: entry.charge for entry in counter.shop.gateway.bank.ledger() if entry.charge}.values()
    assert charge.request.return_url == f"https://portal.test/nordlicht-plans/portal/checkout/{session.id}/return"
    counter.shop.gateway.bank.confirm_charge(charge.id, approved=True)
    assert counter.back(session).status == "completed"
    assert counter.captured() == [1000]
    counter.settle_down()


def test_a_browser_that_never_comes_back_loses_nothing(counter: Counter) -> None:
    session = counter.open()
    counter.place(session)
    counter.shop.gateway.use_card_page(counter.visits(session)[0].reference)
    work(counter.shop, minutes=3)
    assert (counter.state(session).status, counter.captured()) == ("completed", [2000])
    assert counter.shop.jobs("card_setup") == []


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "error_before", "error_after", "processing", "setup_timeout"])
def test_whatever_is_lost_on_the_way_money_is_taken_once(counter: Counter, fault: str) -> None:
    session = counter.open(counter.course, trial=False)
    counter.place(session)
    counter.shop.gateway.use_card_page(counter.visits(session)[0].reference)
    counter.shop.gateway.faults.append(fault)
    if fault == "setup_timeout":
        with pytest.raises(Unanswered):
            counter.back(session)
    else:
        assert counter.back(session).status in ("confirming", "completed")
        if fault != "processing":
            with pytest.raises(Refused) as refused:
                checkout_end.expire(counter.shop.runtime, counter.row, "prod", session.id, actor="key:KEY_1")
            assert refused.value.code in ("payment_open", "checkout_completed")
        for charge in {entry.charge.request.key for entry in counter.shop.gateway.bank.ledger() if entry.charge}:
            if fault == "processing":
                counter.shop.gateway.bank.finish_charge(charge)
    counter.settle_down()
    assert (counter.state(session).status, counter.captured()) == ("completed", [1000])


def test_ordering_otherwise_replaces_what_waits(counter: Counter) -> None:
    session = counter.open(counter.course, order_external_id="A-1", trial=False)
    counter.place(session)
    first, old_page = counter.state(session), counter.visits(session)[0]
    counter.place(session)
    assert counter.state(session).session.order_id == first.session.order_id, "the same details are the same order"
    counter.place(session, "other@example.com")
    second = counter.state(session)
    assert second.session.order_id != first.session.order_id
    assert [(row.status, row.external_id) for row in counter.orders()] == [("closed", None), ("pending", "A-1")]
    counter.shop.gateway.use_card_page(old_page.reference)
    assert (counter.back(session).status, counter.captured()) == ("card", []), "a card that was given for another order is not used"
    assert counter.give_card(session).status == "completed"
    assert counter.captured() == [1000]
    counter.settle_down()


def test_while_it_is_charged_nothing_is_ordered_otherwise(counter: Counter) -> None:
    session = counter.open()
    counter.buy(session, number=cards.CONFIRMS)
    with pytest.raises(Refused) as refused:
        counter.place(session, "other@example.com")
    assert refused.value.code == "payment_open"
    assert (
        order.why_not(counter.shop.runtime, counter.owner(counter.state(session).session.order_id), counter.orders()[0].id)
        == "payment_open"
    )


def test_what_is_never_paid_for_ends_with_its_time(counter: Counter) -> None:
    looked, book, course = counter.open(), counter.open(), counter.open(counter.course)
    for session in (book, course):
        counter.place(session)
    declined = counter.open()
    counter.buy(declined, number=cards.DECLINES_CHARGES)
    work(counter.shop, minutes=50)
    assert [counter.state(each).status for each in (looked, book)] == ["expired", "card"], "who ordered in time has an hour to pay"
    work(counter.shop, minutes=15)
    assert [counter.state(each).status for each in (book, course, declined)] == ["expired"] * 3
    assert [row.status for row in counter.orders()] == ["canceled", "closed", "canceled"]
    assert counter.events().count("checkout.expired") == 4
    with pytest.raises(Refused) as refused:
        counter.place(book)
    assert refused.value.code == "checkout_over"
    counter.shop.gateway.use_card_page(counter.visits(book)[0].reference)
    counter.settle_down()
    assert counter.captured() == []
    work(counter.shop, days=2)
    assert counter.shop.jobs("card_setup") == []


def test_time_that_runs_out_while_it_is_charged_waits_for_the_answer(counter: Counter) -> None:
    session = counter.open()
    counter.place(session)
    counter.shop.gateway.use_card_page(counter.visits(session)[0].reference)
    counter.shop.gateway.faults.append("processing")
    assert counter.back(session).status == "confirming"
    work(counter.shop, minutes=90)
    assert counter.state(session).status == "confirming"
    (key,) = {entry.charge.request.key for entry in counter.shop.gateway.bank.ledger() if entry.charge}
    counter.shop.gateway.bank.finish_charge(key)
    counter.settle_down()
    assert counter.state(session).status == "completed"


@pytest.mark.parametrize("what", ["book", "course"])
def test_a_capture_that_nothing_waits_for_is_given_back(counter: Counter, what: str) -> None:
    """The bank says no, the checkout is taken back, and the bank takes the money after all."""
    session = counter.open(getattr(counter, what), trial=False)
    key = counter.buy(session, number=cards.CONFIRMS).attempt_key or ""
    deliver(counter.shop, *told(counter.shop, key, "failed"))
    assert counter.state(session).status == "declined"
    checkout_end.expire(counter.shop.runtime, counter.row, "prod", session.id, actor="key:KEY_1")
    (charge,) = {entry.charge.id: entry.charge for entry in counter.shop.gateway.bank.ledger() if entry.charge}.values()
    counter.shop.gateway.bank.confirm_charge(charge.id, approved=True)
    for body, headers in counter.shop.gateway.webhooks(counter.shop.clock()):
        deliver(counter.shop, body, headers)
    counter.settle_down()
    assert (len(counter.captured()), counter.shop.taken(), counter.state(session).status) == (1, 0, "expired")


def test_orders_that_wait_may_be_canceled(counter: Counter) -> None:
    runtime, session = counter.shop.runtime, counter.open()
    counter.place(session)
    bought = counter.state(session).session.order_id or ""
    owner = counter.owner(bought)
    assert order.why_not(runtime, owner, bought) is None
    assert order.cancel(runtime, owner, bought, actor="key:KEY_1").status == "canceled"
    assert counter.state(session).status == "expired"
    with pytest.raises(Refused) as refused:
        order.cancel(runtime, owner, bought, actor="key:KEY_1")
    assert refused.value.code == "order_not_pending"
    with pytest.raises(NotFound):
        order.cancel(runtime, counter.shop.ada, bought, actor="key:KEY_1")
    course = counter.open(counter.course)
    counter.place(course)
    state = counter.state(course)
    assert order.why_not(runtime, owner, state.session.order_id or "") == "order_of_subscription"
    cancellation.cancel(runtime, owner, state.subscription_id or "", None, "")
    assert counter.state(course).status == "expired", "a subscription that was not paid for may be left at once"
    assert counter.events().count("checkout.expired") == 2
    counter.settle_down()


def test_the_card_page_is_opened_twenty_times_a_day_at_most(counter: Counter) -> None:
    session = counter.open(lifetime_seconds=86_400)
    for step in range(20):
        counter.place(session, f"{step}@example.com")
    with pytest.raises(Refused) as refused:
        counter.place(session)
    assert refused.value.code == "too_many_charges"


def test_a_checkout_of_another_store_or_environment_is_not_there(counter: Counter) -> None:
    session, other = counter.open(), counter.shop.factory.store(slug="elsewhere")
    with counter.shop.runtime.database.read() as connection:
        elsewhere = stores.get(connection, other.store_id)
    for row, environment in ((elsewhere, "prod"), (counter.row, "test")):
        with pytest.raises(NotFound):
            checkout.look(counter.shop.runtime, row, environment, session.id)  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            checkout_order.place(counter.shop.runtime, row, environment, session.id, email=GRACE, detail_raw=IN_GERMANY)  # type: ignore[arg-type]


def test_without_a_provider_nothing_is_ordered(counter: Counter) -> None:
    session, without = counter.open(), replace(counter.shop.runtime, gateways={})
    with pytest.raises(Refused, match="no_gateway"):
        checkout_order.place(without, counter.row, "prod", session.id, email=GRACE, detail_raw=IN_GERMANY)
    assert counter.orders() == []
    asked = Asked(session.product_id, session.currency)
    with pytest.raises(Refused, match="no_gateway"):
        checkout.create(without, counter.row, "prod", asked)
    assert checkout.create(without, counter.row, "prod", replace(asked, price_minor=0)).status == "open"
