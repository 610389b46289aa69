"""What the worker does when the mail server is away, slow or says no; and that no secret stays behind."""

from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from portico.domain.scope import BuyerScope
from portico.jobs.worker import ATTEMPTS
from portico.mail.transport import FileMailer, PermanentMailFailure, SmtpMailer, TemporaryMailFailure
from portico.storage import outbox, tables
from portico.storage.outbox import ParkedJob
from tests.conftest import SteppingClock
from tests.mail import smtp
from tests.services.conftest import ADA
from tests.services.visits import Mail, Mailbox, Visitor, deliver


class Post:
    """A mailer that remembers what it was given and then does as `then` says."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.taken: list[Mail] = []
        self.then = then

    def send(self, message: EmailMessage) -> None:
        self.taken.append(Mail(message))
        self.then()


def down() -> None:
    raise TemporaryMailFailure("the mail server is away")


def refuse() -> None:
    raise PermanentMailFailure("550 no such user")


def with_post(guest: Visitor, post: Post) -> Visitor:
    return replace(guest, runtime=replace(guest.runtime, mailer=post))


def parked(guest: Visitor) -> list[ParkedJob]:
    with guest.runtime.database.read() as connection:
        return outbox.parked(connection)


def test_asking_does_not_wait_for_the_mail_server(guest: Visitor) -> None:
    post = Post(down)
    with_post(guest, post).ask(ADA)
    assert not post.taken


def test_a_mail_is_tried_again_with_ever_longer_pauses_and_each_try_voids_the_one_before(guest: Visitor, clock: SteppingClock) -> None:
    post = Post(down)
    guest = with_post(guest, post)
    guest.ask(ADA)
    tried_at = []
    for _ in range(60):
        before = len(post.taken)
        deliver(guest.runtime)
        if len(post.taken) > before:
            tried_at.append(clock())
        clock.advance(seconds=1)
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(tried_at)]
    assert len(pauses) >= 4
    assert all(later > earlier for earlier, later in pairwise(pauses))
    post.then = lambda: None
    clock.advance(minutes=1)
    deliver(guest.runtime)
    assert len({m.code for m in post.taken}) == len(post.taken)
    assert len({m.message["Message-ID"] for m in post.taken}) == len(post.taken)  # mail programs hide one of two with the same
    assert guest.refusal_of(link=post.taken[-2].token) == "link_unknown"
    assert guest.refusal_of(code=post.taken[-2].code) == "code_wrong"
    assert guest.type(post.taken[-1].code).session_token


def test_a_mail_that_never_leaves_ends_as_a_visible_dead_letter(guest: Visitor, clock: SteppingClock) -> None:
    post = Post(down)
    guest = with_post(guest, post)
    guest.ask(ADA)
    for _ in range(ATTEMPTS + 5):
        deliver(guest.runtime)
        clock.advance(hours=2)
    assert len(post.taken) == ATTEMPTS
    (letter,) = parked(guest)
    assert (letter.kind, letter.attempt) == ("sign_in_mail", ATTEMPTS)
    assert "the mail server is away" in letter.error
    assert ADA not in letter.error


def test_a_mail_that_is_refused_for_good_is_a_dead_letter_at_once_and_can_be_revived(guest: Visitor) -> None:
    post = Post(refuse)
    guest = with_post(guest, post)
    guest.ask(ADA)
    deliver(guest.runtime)
    (letter,) = parked(guest)
    assert "550" in letter.error
    post.then = lambda: None
    with guest.runtime.database.transaction() as tx:
        outbox.revive(tx, letter.id, guest.runtime.clock())
    deliver(guest.runtime)
    assert not parked(guest)
    assert guest.open(post.taken[-1].token).session_token


def test_a_server_that_refuses_one_buyer_does_not_hold_up_the_others(guest: Visitor) -> None:
    with smtp.scripted(smtp.answering(rcpt="550 no")) as port:
        broken = replace(guest, runtime=replace(guest.runtime, mailer=SmtpMailer("127.0.0.1", port, security="none", client_name="t")))
        broken.ask(ADA)
        deliver(broken.runtime)
    assert [p.error for p in parked(guest)] == ["Permanent: 550 no"]


def test_a_request_held_back_used_or_purged_sends_nothing(guest: Visitor, mailbox: Mailbox) -> None:
    guest.ask(ADA)
    with guest.runtime.database.transaction() as tx:
        tx.execute(sa.delete(tables.sign_in_request))
    deliver(guest.runtime)
    assert not mailbox.mails()
    assert not parked(guest)


def test_the_mail_says_who_asked_when_and_for_how_long(guest: Visitor, mailbox: Mailbox) -> None:
    guest.ask(ADA)
    deliver(guest.runtime)
    mail = mailbox.last()
    assert mail.message["Subject"] == "Sign in to Nordlicht"
    assert str(mail.message["From"]) == "Nordlicht <portal@portal.test>"
    assert str(mail.message["Reply-To"]) == "Nordlicht <help@nordlicht.example>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    for part in ("10 minutes", ADA, "Mar 14, 2026", "Europe/Berlin", "nobody gets in"):
        assert part in mail.text


def test_no_token_and_no_code_stays_behind(guest: Visitor, mailbox: Mailbox, clock: SteppingClock, ada: BuyerScope) -> None:
    secrets: set[str] = set()
    for n in range(12):
        guest.ask(ADA)
        deliver(guest.runtime)
        mail = mailbox.last()
        signed_in = guest.open(mail.token) if n % 2 else guest.type(mail.code)
        secrets |= {mail.token, mail.code, mail.code.replace("-", ""), signed_in.session_token, signed_in.known_browser, guest.browser}
        clock.advance(minutes=31)
    guest.ask(ADA)  # one still under way
    database = guest.runtime.database
    with database.read() as connection:
        kept = "\n".join(str(row) for table in tables.metadata.sorted_tables for row in connection.execute(sa.select(table)))
    assert ada.buyer_id in kept
    assert not [s for s in secrets if s in kept]
    if database.file is not None:
        for file in database.file.parent.glob(f"{database.file.name}*"):
            raw = file.read_bytes()
            assert not [s for s in secrets if s.encode() in raw], file.suffix


def test_logs_name_nobody(guest: Visitor, clock: SteppingClock, capfd: pytest.CaptureFixture[str]) -> None:
    guest = with_post(guest, Post(down))
    guest.ask(ADA)
    for _ in range(ATTEMPTS):
        deliver(guest.runtime)
        clock.advance(hours=2)
    guest.refusal_of(code="0000-0000")
    out, err = capfd.readouterr()
    assert "job parked" in out + err
    assert "@" not in out + err


def test_the_file_mailer_is_what_the_other_tests_read(guest: Visitor, tmp_path: Path) -> None:
    assert isinstance(guest.runtime.mailer, FileMailer)
    guest.ask(ADA)
    deliver(guest.runtime)
    assert len(list((tmp_path / "mailbox").glob("*.eml"))) == 1
