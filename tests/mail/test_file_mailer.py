"""The folder that stands in for a mail server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import format_datetime
from pathlib import Path

import pytest

from portico.mail.transport import FileMailer, TemporaryMailFailure

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


def mail(subject: str, now: datetime = NOW) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "portal@example.com", "ada@example.com", subject
    message["Date"] = format_datetime(now)
    message.set_content(f"日本語 {subject}\n")
    return message


def subjects(folder: Path) -> list[str]:
    return [message_from_bytes(path.read_bytes(), policy=default)["Subject"] for path in sorted(folder.glob("*.eml"))]


def test_a_mail_is_one_file_that_reads_back(tmp_path: Path) -> None:
    FileMailer(tmp_path / "new" / "mailbox").send(mail("Grüße"))
    (file,) = (tmp_path / "new" / "mailbox").glob("*.eml")
    assert file.name == "20260314T092653Z-0001.eml"
    read = message_from_bytes(file.read_bytes(), policy=default)
    assert (read["Subject"], read.get_content()) == ("Grüße", "日本語 Grüße\r\n")


def test_the_text_can_be_read_and_its_link_copied_in_any_editor(tmp_path: Path) -> None:
    link = "https://portal.example.com/test/example/portal/sign-in/link#t=" + 43 * "x"
    message = mail("Hello")
    message.set_content(f"Öffnen Sie:\n\n{link}\n", cte="quoted-printable")
    message.add_alternative("<p>Öffnen</p>", subtype="html", cte="quoted-printable")
    FileMailer(tmp_path).send(message)
    (file,) = tmp_path.glob("*.eml")
    assert f"\r\n\r\nÖffnen Sie:\r\n\r\n{link}\r\n" in file.read_bytes().decode("utf-8")
    parts = message_from_bytes(file.read_bytes(), policy=default)
    texts = [part.get_content() for part in parts.walk() if not part.is_multipart()]
    assert texts == [f"Öffnen Sie:\r\n\r\n{link}\r\n", "<p>Öffnen</p>\r\n"]
    assert message.get_body(("plain",))["Content-Transfer-Encoding"] == "quoted-printable", "the mail itself is left alone"


def test_names_sort_in_the_order_sent_whatever_the_clock_does_and_across_restarts(tmp_path: Path) -> None:
    jumps = [0, 0, 5, -3600, -86_400, 5, 6, 400 * 86_400, 7]
    for n, seconds in enumerate(jumps):
        FileMailer(tmp_path).send(mail(str(n), NOW + timedelta(seconds=seconds)))
    assert subjects(tmp_path) == [str(n) for n in range(len(jumps))]


def test_a_name_is_never_used_again(tmp_path: Path) -> None:
    mailer, names = FileMailer(tmp_path), set[str]()
    for n in range(5):
        mailer.send(mail(str(n)))
        (file,) = tmp_path.glob("*.eml")
        names.add(file.name)
        file.unlink()
    assert len(names) == 5


def test_several_writers_lose_nothing_and_readers_never_see_half_a_mail(tmp_path: Path) -> None:
    writers, done, seen = [FileMailer(tmp_path) for _ in range(4)], threading.Event(), list[str]()

    def watch() -> None:
        while not done.is_set():
            for file in tmp_path.glob("*.eml"):
                seen.append(message_from_bytes(file.read_bytes(), policy=default).get_content()[:3])

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: writers[n % 4].send(mail(f"{n:02d}")), range(40)))
    done.set()
    watcher.join()
    assert sorted(subjects(tmp_path)) == [f"{n:02d}" for n in range(40)]
    assert set(seen) <= {"日本語"}


def test_a_folder_that_cannot_be_written_is_worth_another_try(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(TemporaryMailFailure):
        FileMailer(tmp_path / "file").send(mail("x"))
