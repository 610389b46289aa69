"""Mail over SMTP against real servers: encryption, log-in, refusals, and servers that misbehave."""

import time
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from portico.mail.transport import PermanentMailFailure, SmtpMailer, TemporaryMailFailure
from tests.mail import smtp
from tests.mail.smtp import Inbox, Line


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smtp.certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture(scope="module")
def other_authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smtp.certificate(tmp_path_factory.mktemp("other"), "localhost")


def mail(to: str = "ada@example.com") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "portal@example.com", to, "Anmelden bei Käsekuchen"
    message.set_content("日本語\n")
    return message


def plain(port: int, **options: float) -> SmtpMailer:
    return SmtpMailer("127.0.0.1", port, security="none", client_name="portal.test", **options)


def test_a_mail_goes_out_encrypted_and_logged_in(tls: Path) -> None:
    inbox = Inbox()
    with smtp.server(inbox, tls=tls, auth=True) as port:
        SmtpMailer("localhost", port, user=smtp.USER, password=smtp.PASSWORD, ca_file=tls).send(mail())
    assert [m["Subject"] for m in inbox.messages] == ["Anmelden bei Käsekuchen"]
    assert inbox.messages[0].get_content() == "日本語\r\n"
    assert inbox.senders == ["portal@example.com"]
    assert inbox.encrypted == [True]


def test_a_mail_goes_out_where_encryption_starts_with_the_first_byte(tls: Path) -> None:
    inbox = Inbox()
    with smtp.server(inbox, tls=tls, implicit=True) as port:
        SmtpMailer("127.0.0.1", port, security="tls", ca_file=tls).send(mail())
    assert inbox.encrypted == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_an_unknown_authority_stops_the_mail(tls: Path, other_authority: Path, security: str) -> None:
    inbox = Inbox()
    with smtp.server(inbox, tls=tls, implicit=security == "tls") as port:
        mailer = SmtpMailer("127.0.0.1", port, security=security, ca_file=other_authority)
        with pytest.raises(TemporaryMailFailure, match="CERTIFICATE_VERIFY_FAILED"):
            mailer.send(mail())
    assert not inbox.messages


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_of_another_name_stops_the_mail(tmp_path: Path, host: str) -> None:
    elsewhere, inbox = smtp.certificate(tmp_path, "elsewhere.test"), Inbox()
    with smtp.server(inbox, tls=elsewhere) as port, pytest.raises(TemporaryMailFailure, match="mismatch"):
        SmtpMailer(host, port, ca_file=elsewhere).send(mail())
    assert not inbox.messages


def test_a_server_that_offers_no_encryption_gets_neither_mail_nor_password() -> None:
    heard: list[str] = []

    def script(line: Line) -> None:
        line.say("220 test")
        while command := line.hear():
            heard.append(command)
            line.say("250 AUTH PLAIN LOGIN")

    with smtp.scripted(script) as port, pytest.raises(TemporaryMailFailure, match="STARTTLS"):
        SmtpMailer("127.0.0.1", port, user=smtp.USER, password=smtp.PASSWORD, client_name="portal.test").send(mail())
    assert heard == ["ehlo portal.test"]


@pytest.mark.parametrize("host", ["mail.example.com", "192.0.2.1", "localhost.example.com"])
def test_unencrypted_mail_to_another_machine_is_not_possible(host: str) -> None:
    with pytest.raises(ValueError, match="encrypted"):
        SmtpMailer(host, 25, security="none")


def test_a_wrong_password_is_worth_another_try_once_it_is_put_right(tls: Path) -> None:
    inbox = Inbox()
    with smtp.server(inbox, tls=tls, auth=True) as port, pytest.raises(TemporaryMailFailure, match="535") as failure:
        SmtpMailer("127.0.0.1", port, user=smtp.USER, password="wrong", ca_file=tls).send(mail())
    assert not inbox.messages
    assert "wrong" not in str(failure.value)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"greeting": "421 too busy"}, TemporaryMailFailure),
        ({"greeting": "554 go away"}, TemporaryMailFailure),  # about us, not about the mail
        ({"mail": "451 later"}, TemporaryMailFailure),
        ({"mail": "530 log in first"}, TemporaryMailFailure),
        ({"rcpt": "450 greylisted"}, TemporaryMailFailure),
        ({"rcpt": "421 closing"}, TemporaryMailFailure),
        ({"rcpt": "550 no such user"}, PermanentMailFailure),
        ({"data": "451 later"}, TemporaryMailFailure),
        ({"data": "554 no"}, PermanentMailFailure),
        ({"body": "452 full"}, TemporaryMailFailure),
        ({"body": "550 spam"}, PermanentMailFailure),
    ],
)
def test_refusals(answers: dict[str, str], kind: type[Exception]) -> None:
    with smtp.scripted(smtp.answering(**answers)) as port, pytest.raises(Exception, match=next(iter(answers.values()))[:3]) as failure:
        plain(port).send(mail())
    assert failure.type is kind


def test_a_failure_names_no_address() -> None:
    script = smtp.answering(rcpt="550 <ada@example.com>: no mailbox ada@example.com here")
    with smtp.scripted(script) as port, pytest.raises(PermanentMailFailure) as failure:
        plain(port).send(mail())
    assert "@" not in str(failure.value)


def test_nobody_listens() -> None:
    with pytest.raises(TemporaryMailFailure, match="refused"):
        plain(smtp.free_port()).send(mail())


def _mute(line: Line) -> None:
    line.wait_for_the_end()


def _mute_after_greeting(line: Line) -> None:
    line.say("220 test")
    line.wait_for_the_end()


def _dripping(line: Line) -> None:
    for _ in range(200):
        line.drip("2")
        time.sleep(0.05)


def _mute_after_mail(line: Line) -> None:
    line.say("220 test")
    for _ in range(3):
        line.hear()
        line.say("250 fine")
    line.hear()
    line.say("354 go on")
    line.wait_for_the_end()


@pytest.mark.parametrize("script", [_mute, _mute_after_greeting, _dripping, _mute_after_mail])
def test_a_server_that_hangs_is_given_up(script: Callable[[Line], None]) -> None:
    with smtp.scripted(script) as port:
        started = time.monotonic()
        with pytest.raises(TemporaryMailFailure):
            plain(port, timeout_seconds=0.3, connect_timeout_seconds=0.25).send(mail())
        assert time.monotonic() - started < 5


def test_a_cut_after_the_mail_is_worth_another_try() -> None:
    def script(line: Line) -> None:
        line.say("220 test")
        while command := line.hear():
            line.say("354 go on" if command == "data" else "250 fine")
            if command == "data":
                line.hear_body()
                line.hang_up()
                return

    with smtp.scripted(script) as port, pytest.raises(TemporaryMailFailure):
        plain(port).send(mail())


@pytest.mark.parametrize("goodbye", ["421 I am off", "garbage"])
def test_whatever_follows_the_acceptance_does_not_send_the_mail_again(goodbye: str) -> None:
    with smtp.scripted(smtp.answering(quit=goodbye)) as port:
        plain(port).send(mail())


def test_an_address_beyond_ascii_uses_smtputf8(tls: Path) -> None:
    inbox = Inbox()
    with smtp.server(inbox, tls=tls, enable_SMTPUTF8=True) as port:
        SmtpMailer("127.0.0.1", port, ca_file=tls).send(mail("søren@example.com"))
    assert inbox.messages[0]["To"] == "søren@example.com"


def test_an_address_beyond_ascii_is_refused_for_good_by_a_server_without_smtputf8() -> None:
    with smtp.scripted(smtp.answering()) as port, pytest.raises(PermanentMailFailure):
        plain(port).send(mail("søren@example.com"))
