"""What a stranger can learn, spend and guess: nothing, little, and twenty codes a day."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from portico.domain.errors import Refused
from portico.domain.scope import BuyerScope, StoreScope
from portico.services import network, secrets
from portico.services.runtime import Runtime
from portico.services.sign_in import SignedIn
from portico.services.sign_in_limits import MAILS_PER_HOUR_PER_STORE
from portico.storage import rate_limit, tables
from portico.storage.database import count_statements
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.conftest import ADA
from tests.services.visits import WRONG, Mailbox, Visitor, deliver, visitor

UNKNOWN = "nobody@example.com"


def rows(runtime: Runtime) -> dict[str, int]:
    with runtime.database.read() as connection:
        return {t.name: connection.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() for t in tables.metadata.sorted_tables}


def work_of_asking(guest: Visitor, email: str) -> tuple[list[str], dict[str, int]]:
    before = rows(guest.runtime)
    with count_statements(guest.runtime.database) as seen:
        guest.ask(email)
    after = rows(guest.runtime)
    return seen.statements, {name: after[name] - before[name] for name in after}


def test_asking_is_the_same_work_for_any_address_and_over_any_limit(guest: Visitor) -> None:
    known = work_of_asking(guest, ADA)
    unknown = work_of_asking(guest, UNKNOWN)
    for _ in range(4):
        guest.ask(ADA)
        guest.ask(UNKNOWN)
    known_held = work_of_asking(guest, ADA)
    unknown_held = work_of_asking(guest, UNKNOWN)
    assert known[0] == unknown[0] == known_held[0] == unknown_held[0]
    assert known_held[1] == unknown_held[1]
    assert known[1]["sign_in_request"] == known_held[1]["sign_in_request"] == 1
    assert known[1]["job"] == known_held[1]["job"] == 1
    assert known[1] | {"rate_limit": 0} == known_held[1] | {"rate_limit": 0}  # an earlier request has made those rows


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_the_time_it_takes_to_ask_tells_nothing(runtime: Runtime, scope: StoreScope, factory: Factory) -> None:
    """The chance that a known address takes longer than an unknown one, from 3,000 requests of each, taken in turns."""
    guest = visitor(runtime, scope)
    times: dict[bool, list[int]] = {True: [], False: []}
    for n in range(1000):
        factory.buyer(scope, email=f"known-{n}@example.com")
    for n in range(3000):
        for known in (True, False) if n % 2 else (False, True):
            somebody = replace(guest, network=f"198.{n >> 16}.{n >> 8 & 255}.{n & 255}")
            started = time.perf_counter_ns()
            somebody.ask(f"{'known' if known else 'other'}-{n % 1000}@example.com")
            times[known].append(time.perf_counter_ns() - started)
    ranks = {which: rank for rank, which in enumerate(sorted((t, known, i) for known in times for i, t in enumerate(times[known])))}
    sum_of_known = sum(rank + 1 for (_, known, _), rank in ranks.items() if known)
    share = (sum_of_known - 3000 * 3001 / 2) / 3000**2
    print(f"chance that a known address takes longer: {share:.3f}")
    assert 0.48 <= share <= 0.52


def test_the_worker_does_the_same_for_any_address_up_to_the_sending(guest: Visitor, mailbox: Mailbox) -> None:
    def statements(email: str) -> list[str]:
        guest.ask(email)
        with count_statements(guest.runtime.database) as seen:
            deliver(guest.runtime)
        return seen.statements

    assert statements(ADA) == statements(UNKNOWN)
    assert len(mailbox.mails()) == 1


def test_typing_codes_tells_nothing_about_an_address(runtime: Runtime, scope: StoreScope, ada: BuyerScope, clock: SteppingClock) -> None:
    def course(email: str, browser: str) -> list[tuple[str, list[str]]]:
        guest, seen = visitor(runtime, scope, browser=browser), []
        for step in ("at once", "delivered", "late", "held", "held and delivered"):
            if step in ("at once", "held"):
                for _ in range(4 if step == "held" else 1):
                    guest.ask(email)
            if "delivered" in step:
                deliver(runtime)
            if step == "late":
                clock.advance(minutes=11)
            for _ in range(3):
                with count_statements(runtime.database) as counted:
                    seen.append((guest.refusal_of(code=WRONG), counted.statements))
        clock.advance(days=3)
        return seen

    known, unknown = course(ADA, "one"), course(UNKNOWN, "two")
    assert [answer for answer, _ in known] == [answer for answer, _ in unknown]
    assert {answer for answer, _ in known} == {"code_wrong", "code_tries_used"}
    assert [statements for _, statements in known] == [statements for _, statements in unknown]


def test_three_mails_in_fifteen_minutes(guest: Visitor, mailbox: Mailbox, clock: SteppingClock) -> None:
    for _ in range(6):
        guest.ask(ADA)
        deliver(guest.runtime)
    assert len(mailbox.mails()) == 3
    clock.advance(minutes=30)
    guest.ask(ADA)
    deliver(guest.runtime)
    assert len(mailbox.mails()) == 4


def test_ten_mails_in_a_day(guest: Visitor, mailbox: Mailbox, clock: SteppingClock) -> None:
    clock.advance(hours=-clock().hour)
    for _ in range(20):
        guest.ask(ADA)
        deliver(guest.runtime)
        clock.advance(minutes=31)
    assert len(mailbox.mails()) == 10
    clock.advance(days=2)
    guest.ask(ADA)
    deliver(guest.runtime)
    assert len(mailbox.mails()) == 11


def test_a_flood_does_not_outlast_its_window(guest: Visitor, mailbox: Mailbox, clock: SteppingClock) -> None:
    for _ in range(60):
        guest.ask(ADA)
    deliver(guest.runtime)
    assert len(mailbox.mails()) == 3
    clock.advance(days=1, hours=12)
    guest.ask(ADA)
    deliver(guest.runtime)
    assert len(mailbox.mails()) == 4


def test_limits_count_the_canonical_address(guest: Visitor, mailbox: Mailbox) -> None:
    for email in (ADA, "ADA@example.com", "Ada@EXAMPLE.com", " ada@example.com "):
        guest.ask(email)
    deliver(guest.runtime)
    assert len(mailbox.mails()) == 3


def test_twenty_mails_an_hour_from_one_network(runtime: Runtime, scope: StoreScope, factory: Factory, mailbox: Mailbox) -> None:
    guest = visitor(runtime, scope, network="2001:db8:1:2::1")
    for n in range(25):
        factory.buyer(scope, email=f"b{n}@example.com")
        replace(guest, network=f"2001:db8:1:2:{n + 1:x}::7").ask(f"b{n}@example.com")
    deliver(runtime)
    assert len(mailbox.mails()) == 20
    replace(guest, network="2001:db8:1:3::1").ask("b24@example.com")
    deliver(runtime)
    assert len(mailbox.mails()) == 21


def test_a_flood_from_everywhere_is_bounded_per_store(
    guest: Visitor, mailbox: Mailbox, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portico.services.sign_in_limits.MAILS_PER_HOUR_PER_STORE", 5)
    for n in range(9):
        replace(guest, network=f"198.51.100.{n}").ask(f"b{n}@example.com")
    replace(guest, network="192.0.2.1").ask(ADA)
    other = factory.store()
    factory.buyer(other, email=ADA)
    visitor(guest.runtime, other).ask(ADA)
    deliver(guest.runtime)
    assert [m.message["From"].addresses[0].display_name for m in mailbox.mails()] == ["Nordlicht"]
    assert MAILS_PER_HOUR_PER_STORE > 1000


def test_a_stranger_cannot_use_up_a_buyers_mails(guest: Visitor, mailbox: Mailbox, clock: SteppingClock) -> None:
    guest.ask(ADA)
    deliver(guest.runtime)
    guest.open(mailbox.last().token)
    stranger = replace(guest, browser="stranger", known="", session="")
    for _ in range(30):
        stranger.ask(ADA)  # from the buyer's own network, even
    deliver(guest.runtime)
    sent = len(mailbox.mails())
    assert sent == 3
    for _ in range(5):
        guest.ask(ADA)
    deliver(guest.runtime)
    assert len(mailbox.mails()) == sent + 3  # its own three
    assert guest.open(mailbox.last().token).session_token


def test_what_marks_a_known_browser_serves_its_address_alone_and_not_for_ever(
    runtime: Runtime, clock: SteppingClock, scope: StoreScope
) -> None:
    ada, eve = (secrets.email_hash(runtime.secret, scope, e) for e in (ADA, "eve@example.com"))
    made = secrets.new_known_browser(runtime.secret, runtime.random_bytes, ada, clock())
    assert secrets.read_known_browser(runtime.secret, ada, made, clock()) is not None
    assert secrets.read_known_browser(runtime.secret, eve, made, clock()) is None
    assert secrets.read_known_browser(b"another secret", ada, made, clock()) is None
    for broken in ("", "x", "é", made[:-2], made + "AA", made.swapcase(), "A" * 70):
        assert secrets.read_known_browser(runtime.secret, ada, broken, clock()) is None
    assert secrets.read_known_browser(runtime.secret, ada, made, clock.advance(days=180, seconds=-1)) is not None
    assert secrets.read_known_browser(runtime.secret, ada, made, clock.advance(seconds=1)) is None


def guesses(runtime: Runtime, scope: StoreScope, browsers: int, each: int) -> Counter[str]:
    answers: Counter[str] = Counter()
    for n in range(browsers):
        thief = visitor(runtime, scope, browser=f"thief-{n}", network=f"198.51.{n >> 8}.{n & 255}")
        thief.ask(ADA)
        deliver(runtime)
        answers.update(thief.refusal_of(code=WRONG) for _ in range(each))
    return answers


def test_twenty_wrong_codes_a_day_from_wherever_then_links_only(
    guest: Visitor, scope: StoreScope, mailbox: Mailbox, clock: SteppingClock
) -> None:
    clock.advance(hours=-clock().hour)
    guest.ask(ADA)
    deliver(guest.runtime)
    guest.open(mailbox.last().token)
    answers = guesses(guest.runtime, scope, browsers=30, each=6)
    assert answers["code_wrong"] == 20
    guest.ask(ADA)  # from a known browser, which the thieves' requests do not bear on
    deliver(guest.runtime)
    assert guest.refusal_of(code=mailbox.last().code) == "code_link_only"
    assert guest.open(mailbox.last().token).session_token
    clock.advance(days=2)
    guest.ask(ADA)
    deliver(guest.runtime)
    assert guest.type(mailbox.last().code).session_token


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_ten_thousand_guesses_from_a_thousand_networks(guest: Visitor, scope: StoreScope) -> None:
    answers = guesses(guest.runtime, scope, browsers=1000, each=10)
    assert answers.total() == 10_000
    assert answers["code_wrong"] <= 20
    print(f"guesses: {answers.total():,} codes typed from 1,000 networks, {answers['code_wrong']} of them looked at, 0 right")


def test_right_codes_do_not_count_as_wrong_ones(guest: Visitor, mailbox: Mailbox, clock: SteppingClock) -> None:
    for _ in range(4):
        for _ in range(3):
            guest.ask(ADA)
            deliver(guest.runtime)
            guest.type(mailbox.last().code)
        clock.advance(minutes=31)
    with guest.runtime.database.read() as connection:
        counts = connection.execute(sa.select(tables.rate_limit.c.count)).scalars().all()
    assert 0 in counts


def test_guesses_at_once_are_counted_one_by_one(guest: Visitor, scope: StoreScope) -> None:
    thieves = [visitor(guest.runtime, scope, browser=f"thief-{n}", network=f"198.51.100.{n}") for n in range(8)]
    for thief in thieves:
        thief.ask(ADA)
    deliver(guest.runtime)
    start = threading.Barrier(16)

    def guess(thief: Visitor) -> list[str]:
        start.wait()
        return [thief.refusal_of(code=WRONG) for _ in range(4)]

    with ThreadPoolExecutor(16) as pool:
        answers = Counter(answer for found in pool.map(guess, thieves * 2) for answer in found)
    assert answers.total() == 64
    assert answers["code_wrong"] == 20


@pytest.mark.parametrize("how", ["link", "code", "both"])
def test_a_hundred_at_once_make_one_session(guest: Visitor, mailbox: Mailbox, how: str) -> None:
    guest.ask(ADA)
    deliver(guest.runtime)
    mail, start = mailbox.last(), threading.Barrier(100)

    def redeem(n: int) -> SignedIn | str:
        own = replace(guest)
        start.wait()
        try:
            return own.open(mail.token) if how == "link" or (how == "both" and n % 2) else own.type(mail.code)
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(100) as pool:
        outcomes = list(pool.map(redeem, range(100)))
    assert sum(isinstance(o, SignedIn) for o in outcomes) == 1
    assert {o for o in outcomes if isinstance(o, str)} <= {"link_used", "code_used", "code_tries_used"}
    assert rows(guest.runtime)["session"] == 1


@pytest.mark.parametrize(
    ("address", "network_name"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("203.0.113.5:51034", "203.0.113.5"),
        ("[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"),
        ("[", "unknown"),
        ("x:1", "unknown"),
        ("", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_networks(address: str, network_name: str) -> None:
    assert network.of(address) == network_name


def test_what_was_counted_back_cannot_go_below_nothing(runtime: Runtime, clock: SteppingClock) -> None:
    with runtime.database.transaction() as tx:
        rate_limit.hit(tx, bytes(32), clock(), 60)
        rate_limit.take_back(tx, bytes(32), clock(), 60)
        assert rate_limit.hit(tx, bytes(32), clock(), 60) == 1
