"""Thirty minutes and not a millisecond more; a sign-out that holds everywhere; no old value that becomes a session."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portico.domain.scope import BuyerScope, StoreScope
from portico.services import sign_in
from portico.services.runtime import Runtime
from portico.storage import tables
from portico.storage.database import Database, count_statements
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.conftest import ADA
from tests.services.visits import Mailbox, Visitor, deliver


@pytest.fixture
def inside(guest: Visitor, mailbox: Mailbox) -> Visitor:
    """Somebody who is signed in."""
    guest.ask(ADA)
    deliver(guest.runtime)
    guest.open(mailbox.last().token)
    return guest


def lives(visitor: Visitor) -> bool:
    return sign_in.authenticate(visitor.runtime, visitor.session) is not None


def test_a_session_lives_thirty_minutes_and_not_a_millisecond_more(inside: Visitor, clock: SteppingClock) -> None:
    clock.advance(minutes=30, milliseconds=-1)
    assert lives(inside)
    clock.advance(milliseconds=1)
    assert not lives(inside)


def test_using_it_does_not_prolong_it(inside: Visitor, clock: SteppingClock) -> None:
    for _ in range(29):
        clock.advance(minutes=1)
        assert lives(inside)
    clock.advance(minutes=1)
    assert not lives(inside)


@pytest.mark.parametrize("back", [timedelta(milliseconds=1), timedelta(minutes=29), timedelta(hours=1), timedelta(days=366)])
def test_once_refused_it_stays_refused_even_if_the_clock_is_set_back(inside: Visitor, clock: SteppingClock, back: timedelta) -> None:
    clock.advance(minutes=30)
    assert not lives(inside)
    clock.time -= back
    assert not lives(inside)


def test_a_session_from_the_future_is_refused_for_ever(inside: Visitor, clock: SteppingClock) -> None:
    clock.advance(seconds=-59)  # clocks of two machines may differ a little
    assert lives(inside)
    clock.advance(hours=-1)
    assert not lives(inside)
    clock.advance(hours=1, seconds=59)
    assert not lives(inside)


def test_a_live_session_costs_one_statement_and_an_unknown_one_no_write(inside: Visitor) -> None:
    with count_statements(inside.runtime.database) as seen:
        assert lives(inside)
        assert sign_in.authenticate(inside.runtime, "A" * 43) is None
    assert [s.split()[0] for s in seen.statements] == ["SELECT", "SELECT"]


def test_signing_out_ends_this_session_alone(inside: Visitor, mailbox: Mailbox) -> None:
    second = replace(inside, browser="browser-2", session="")
    second.ask(ADA)
    deliver(inside.runtime)
    second.open(mailbox.last().token)
    sign_in.sign_out(inside.runtime, inside.session)
    assert not lives(inside)
    assert lives(second)


def test_signing_out_everywhere_ends_sessions_links_and_codes(inside: Visitor, ada: BuyerScope, mailbox: Mailbox) -> None:
    second = replace(inside, browser="browser-2", session="")
    second.ask(ADA)
    deliver(inside.runtime)
    sign_in.sign_out_everywhere(inside.runtime, ada)
    assert not lives(inside)
    assert second.refusal_of(link=mailbox.last().token) == "link_replaced"


def test_signing_out_everywhere_leaves_other_buyers_alone(inside: Visitor, factory: Factory, scope: StoreScope, mailbox: Mailbox) -> None:
    bob = factory.buyer(scope, email="bob@example.com")
    sign_in.sign_out_everywhere(inside.runtime, bob)
    assert lives(inside)


@pytest.mark.parametrize("token", ["", "nothing", "\udcff"])
def test_signing_out_of_nothing_does_nothing(inside: Visitor, token: str) -> None:
    sign_in.sign_out(inside.runtime, token)
    assert lives(inside)


def test_signing_out_holds_in_every_process(inside: Visitor) -> None:
    other = Database(inside.runtime.database.engine.url.render_as_string(hide_password=False))
    try:
        elsewhere = replace(inside, runtime=replace(inside.runtime, database=other))
        assert lives(elsewhere)
        sign_in.sign_out(inside.runtime, inside.session)
        assert not lives(elsewhere)
    finally:
        other.dispose()


def test_signing_in_again_replaces_the_session_of_this_browser(inside: Visitor, mailbox: Mailbox, clock: SteppingClock) -> None:
    before = replace(inside)
    clock.advance(minutes=28)
    inside.ask(ADA)
    deliver(inside.runtime)
    inside.type(mailbox.last().code)
    assert inside.session != before.session
    assert not lives(before)
    clock.advance(minutes=29)
    assert lives(inside)


def test_no_value_from_before_becomes_a_session(guest: Visitor, mailbox: Mailbox) -> None:
    guest.ask(ADA)
    deliver(guest.runtime)
    mail = mailbox.last()
    signed_in = guest.open(mail.token)
    assert len(signed_in.session_token) == 43
    for value in (guest.browser, mail.token, mail.code, signed_in.known_browser):
        assert sign_in.authenticate(guest.runtime, value) is None


def test_the_database_itself_refuses_a_longer_session(inside: Visitor, runtime: Runtime) -> None:
    with pytest.raises(sa.exc.IntegrityError), runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.session).values(expires_at=tables.session.c.expires_at + sa.literal_column("1")))
