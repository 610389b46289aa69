"""Links and codes: who gets in, who does not, and what a refusal gives away."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from portico.domain.errors import Invalid
from portico.domain.scope import BuyerScope, StoreScope
from portico.services import sign_in
from portico.services.runtime import Runtime
from portico.storage import tables
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.conftest import ADA
from tests.services.visits import WRONG, Mailbox, Visitor, deliver, visitor


@pytest.fixture
def asked(guest: Visitor) -> Visitor:
    """Somebody who asked for a mail, which has arrived."""
    guest.ask(ADA, return_path="/orders?status=completed")
    deliver(guest.runtime)
    return guest


def elsewhere(guest: Visitor, browser: str = "browser-2") -> Visitor:
    return replace(guest, browser=browser, session="", known="")


def test_a_link_signs_in_where_it_was_asked_for(asked: Visitor, mailbox: Mailbox, ada: BuyerScope, clock: SteppingClock) -> None:
    signed_in = asked.open(mailbox.last(ADA).token)
    assert (signed_in.buyer.id, signed_in.return_path) == (ada.buyer_id, "/orders?status=completed")
    assert (signed_in.expires_at - clock()).total_seconds() == 1800
    row = sign_in.authenticate(asked.runtime, signed_in.session_token)
    assert row is not None
    assert row.scope == ada


def test_a_code_signs_in_where_it_was_asked_for(asked: Visitor, mailbox: Mailbox, ada: BuyerScope) -> None:
    assert asked.type(mailbox.last().code.lower().replace("-", " ")).buyer.id == ada.buyer_id


def test_the_link_is_made_from_the_configured_origin_with_the_token_in_the_fragment(asked: Visitor, mailbox: Mailbox) -> None:
    link, _, token = mailbox.last().link.partition("#t=")
    assert link == "https://portal.test/nordlicht/portal/sign-in/link"
    assert len(token) == 43


def test_the_link_of_a_test_environment_leads_there(runtime: Runtime, factory: Factory, mailbox: Mailbox) -> None:
    scope = factory.store(slug="nordlicht")
    factory.buyer(scope, email=ADA)
    visitor(runtime, scope).ask(ADA)
    deliver(runtime)
    assert mailbox.last().link.startswith("https://portal.test/test/nordlicht/portal/sign-in/link#t=")


def test_another_browser_is_sent_back_and_uses_nothing_up(asked: Visitor, mailbox: Mailbox) -> None:
    mail, scanner = mailbox.last(), elsewhere(asked)
    assert [scanner.refusal_of(link=mail.token) for _ in range(50)] == ["other_browser"] * 50
    assert scanner.refusal_of(code=mail.code) == "code_not_requested"
    assert asked.open(mail.token).session_token


def test_a_code_is_no_use_to_another_browser_that_asked_for_the_same_address(asked: Visitor, mailbox: Mailbox) -> None:
    code = mailbox.last().code
    thief = elsewhere(asked)
    thief.ask(ADA)
    deliver(asked.runtime)
    assert thief.refusal_of(code=code) == "code_wrong"


@pytest.mark.parametrize("how", ["link", "code"])
def test_once(asked: Visitor, mailbox: Mailbox, how: str) -> None:
    mail = mailbox.last()
    asked.open(mail.token) if how == "link" else asked.type(mail.code)
    assert asked.refusal_of(link=mail.token) == "link_used"
    assert asked.refusal_of(code=mail.code) == "code_used"


def test_link_and_code_live_ten_minutes_from_the_sending(guest: Visitor, mailbox: Mailbox, clock: SteppingClock) -> None:
    guest.ask(ADA)
    clock.advance(minutes=7)  # the mail server was slow; the ten minutes have not begun
    deliver(guest.runtime)
    clock.advance(minutes=10)
    clock.advance(milliseconds=-1)
    assert guest.open(mailbox.last().token).session_token


@pytest.mark.parametrize("how", ["link", "code"])
def test_after_ten_minutes_link_and_code_are_over_for_ever(asked: Visitor, mailbox: Mailbox, clock: SteppingClock, how: str) -> None:
    mail = mailbox.last()
    presented = {how: mail.token if how == "link" else mail.code}
    clock.advance(minutes=10)
    assert asked.refusal_of(**presented) == f"{how}_expired"
    clock.advance(minutes=-5)
    assert asked.refusal_of(**presented) == f"{how}_replaced"


def test_success_voids_all_siblings(guest: Visitor, mailbox: Mailbox) -> None:
    other = elsewhere(guest)
    guest.ask(ADA)
    other.ask(ADA)
    deliver(guest.runtime)
    guest.ask(ADA)  # its mail is not even sent yet
    first, second = mailbox.mails()
    guest.open(first.token)
    deliver(guest.runtime)
    assert len(mailbox.mails()) == 2
    assert other.refusal_of(link=second.token) == "link_replaced"
    assert other.refusal_of(code=second.code) == "code_replaced"


def test_a_browser_may_use_any_of_its_live_mails(guest: Visitor, mailbox: Mailbox) -> None:
    for _ in range(3):
        guest.ask(ADA)
    deliver(guest.runtime)
    assert guest.type(mailbox.mails()[0].code).session_token


def test_no_more_than_three_links_live_and_a_stranger_does_not_void_the_buyers(
    guest: Visitor, mailbox: Mailbox, clock: SteppingClock
) -> None:
    guest.ask(ADA)
    deliver(guest.runtime)
    guest.open(mailbox.last().token)
    clock.advance(minutes=31)
    guest.ask(ADA)
    deliver(guest.runtime)
    own = mailbox.last()
    for n in range(3):
        clock.advance(seconds=1)
        elsewhere(guest, f"stranger-{n}").ask(ADA)
        deliver(guest.runtime)
    strangers = mailbox.mails()[-3:]
    assert elsewhere(guest, "stranger-0").refusal_of(link=strangers[0].token) == "link_replaced"
    assert elsewhere(guest).refusal_of(link=strangers[1].token) == "other_browser"
    assert guest.open(own.token).session_token


def test_a_browser_that_changes_the_address_types_codes_for_the_last_one(
    guest: Visitor, mailbox: Mailbox, factory: Factory, scope: StoreScope
) -> None:
    bob = factory.buyer(scope, email="bob@example.com")
    guest.ask(ADA)
    guest.ask("bob@example.com")
    deliver(guest.runtime)
    assert guest.refusal_of(code=mailbox.last(ADA).code) == "code_wrong"
    assert guest.type(mailbox.last("bob").code).buyer.id == bob.buyer_id


def test_another_store_and_another_environment_know_nothing_of_it(asked: Visitor, mailbox: Mailbox, factory: Factory) -> None:
    mail = mailbox.last()
    for other in (visitor(asked.runtime, factory.store()), replace(asked, environment="test")):
        assert other.refusal_of(link=mail.token) == "link_unknown"
        assert other.refusal_of(code=mail.code) == "code_not_requested"
    assert asked.open(mail.token).session_token


def test_five_tries_a_code_right_or_wrong(asked: Visitor, mailbox: Mailbox) -> None:
    assert [asked.refusal_of(code=WRONG) for _ in range(5)] == ["code_wrong"] * 5
    assert asked.refusal_of(code=mailbox.last().code) == "code_tries_used"
    assert asked.open(mailbox.last().token).session_token  # never locked out


def test_asking_again_gives_no_more_tries_at_an_earlier_code(asked: Visitor, mailbox: Mailbox) -> None:
    first = mailbox.last()
    for _ in range(5):
        asked.refusal_of(code=WRONG)
    asked.ask(ADA)
    deliver(asked.runtime)
    assert asked.refusal_of(code=first.code) == "code_wrong"
    assert asked.type(mailbox.last().code).session_token


@pytest.mark.parametrize("typed", ["", "1234", "1234-567U", "1234-56789", "ÄÖÜÄ-ÖÜÄÖ", "x" * 10_000, "\x00" * 8])
def test_what_cannot_be_a_code_is_not_counted(asked: Visitor, mailbox: Mailbox, typed: str) -> None:
    assert [asked.refusal_of(code=typed) for _ in range(6)] == ["code_format"] * 6
    assert asked.type(mailbox.last().code).session_token


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "\x00", "\ud800", "é" * 1000])
def test_a_made_up_token_is_unknown(asked: Visitor, token: str) -> None:
    assert asked.refusal_of(link=token or " ") == "link_unknown"


def test_mail_goes_to_the_stored_address_in_the_buyers_language(
    guest: Visitor, mailbox: Mailbox, factory: Factory, scope: StoreScope
) -> None:
    factory.buyer(scope, email="bob@example.com", locale="de")
    replace(guest, language="ja").ask(" Ada@Example.COM ")
    replace(guest, language="ja").ask("BOB@EXAMPLE.com")
    deliver(guest.runtime)
    assert [(m.message["To"], m.message["Content-Language"]) for m in mailbox.mails()] == [(ADA, "ja"), ("bob@example.com", "de")]


@pytest.mark.parametrize(
    "text", ["", "ada", "ada@example.com\r\nBcc: eve@example.com", "ada@example.com\x00", '"ada"@example.com', "a" * 250 + "@example.com"]
)
def test_what_is_no_address_is_told_so_and_leaves_no_trace(guest: Visitor, text: str) -> None:
    with pytest.raises(Invalid):
        guest.ask(text)
    with guest.runtime.database.read() as connection:
        for table in (tables.sign_in_request, tables.rate_limit, tables.job, tables.audit):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0


@pytest.mark.parametrize("look_alike", ["ada+tag@example.com", "a.da@example.com", "ada@example.co"])
def test_an_address_that_is_merely_alike_is_another(guest: Visitor, mailbox: Mailbox, look_alike: str) -> None:
    guest.ask(look_alike)
    deliver(guest.runtime)
    assert not mailbox.mails()


def test_a_buyer_who_got_another_address_is_not_let_in_by_the_old_one(asked: Visitor, mailbox: Mailbox, ada: BuyerScope) -> None:
    with asked.runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.buyer).where(tables.buyer.c.id == ada.buyer_id).values(email="new@example.com"))
    assert asked.refusal_of(link=mailbox.last().token) == "link_expired"


def test_asking_again_and_again_does_not_fill_the_audit_trail(guest: Visitor) -> None:
    for number in range(30):
        guest.ask(f"nobody-{number}@example.com")
    with guest.runtime.database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.audit)).scalar() == 0


def test_every_step_is_in_the_audit_trail(asked: Visitor, mailbox: Mailbox, ada: BuyerScope) -> None:
    asked.refusal_of(code=WRONG)
    elsewhere(asked).refusal_of(link=mailbox.last().token)
    sign_in.sign_out(asked.runtime, asked.open(mailbox.last().token).session_token)
    with asked.runtime.database.read() as connection:
        rows = connection.execute(sa.select(tables.audit).order_by(tables.audit.c.id)).all()
    assert [(r.action, r.actor, r.buyer_id) for r in rows] == [
        ("sign_in_code_wrong", "visitor", None),
        ("sign_in_other_browser", "visitor", None),
        ("signed_in", "buyer", ada.buyer_id),
        ("signed_out", "buyer", ada.buyer_id),
    ]
    assert not any("@" in str(r) for r in rows)
