"""Files that go along with a mail: over a real server and into the folder they arrive byte for byte, under their own names."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

import pytest

from portico.i18n.templates import environment
from portico.mail import messages
from portico.mail.messages import Attachment, compose
from portico.mail.transport import FileMailer, SmtpMailer
from tests.mail import smtp
from tests.mail.smtp import Inbox
from tests.mail.test_messages import envelope, in_language, part

EVERY_BYTE = bytes(range(256)) * 100 + b"\r\n.\r\n\n.\n"  # a lone dot ends a mail on the wire
FILES = (
    Attachment("INV-2026-000042.pdf", "application/pdf", b"%PDF-1.7\n" + EVERY_BYTE),
    Attachment('Größe "1"; 請求書 ' + "und ein Name, der nicht in eine Zeile passt " * 3 + ".xml", "application/xml", "<Ü/>\n".encode()),
)


def mail(*files: Attachment) -> EmailMessage:
    template = environment("de", messages.LOADER)
    return compose(template, "sign_in", envelope(), language="de", variables=in_language("de"), attachments=files)


def read_back(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def files_of(message: EmailMessage) -> list[Attachment]:
    return [Attachment(a.get_filename() or "", a.get_content_type(), a.get_payload(decode=True)) for a in message.iter_attachments()]


def test_files_arrive_as_they_are_over_smtp(tmp_path: Path) -> None:
    inbox, tls = Inbox(), smtp.certificate(tmp_path, "localhost")
    with smtp.server(inbox, tls=tls) as port:
        SmtpMailer("localhost", port, ca_file=tls).send(mail(*FILES))
    (arrived,) = inbox.messages
    assert files_of(arrived) == list(FILES)
    assert [p.get_content_type() for p in arrived.walk()][:4] == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html"]
    assert "7GQ4-XK2M" in part(arrived, "plain")
    assert "7GQ4-XK2M" in part(arrived, "html")
    assert arrived["Content-Language"] == "de"


def test_files_arrive_as_they_are_in_the_folder_beside_a_text_that_can_be_read(tmp_path: Path) -> None:
    FileMailer(tmp_path).send(mail(*FILES))
    (file,) = tmp_path.glob("*.eml")
    assert files_of(read_back(file.read_bytes())) == list(FILES)
    assert "\r\n    7GQ4-XK2M\r\n" in file.read_bytes().decode("utf-8")


def test_a_name_beyond_ascii_is_written_as_rfc_2231_says_for_both_who_look_for_it() -> None:
    raw = mail(Attachment("請求書.pdf", "application/pdf", b"x")).as_bytes(policy=SMTP)
    head = next(h for h in raw.replace(b"\r\n ", b" ").split(b"\r\n\r\n") if b"application/pdf" in h).split(b"\r\n")
    encoded = b"name*=utf-8''%E8%AB%8B%E6%B1%82%E6%9B%B8.pdf"
    assert b"Content-Disposition: attachment; file" + encoded in head
    assert b"Content-Type: application/pdf; " + encoded in head
    assert max(len(line) for line in mail(*FILES).as_bytes(policy=SMTP).split(b"\r\n")) <= 998


@pytest.mark.parametrize("name", ["", "a/b.pdf", "a\\b.pdf", "a.pdf\r\nBcc: eve@example.com", "a\u2028b.pdf"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"name|line break"):
        mail(Attachment(name, "application/pdf", b"x"))
