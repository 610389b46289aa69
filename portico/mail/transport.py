"""How a mail leaves: over SMTP, or as a file in a folder. Sending is one blocking call; whoever calls it retries."""

import contextlib
import copy
import os
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Protocol, TextIO

try:
    import fcntl
except ImportError:  # Windows: one process writes the folder, so the lock between threads is enough
    fcntl = None

Security = Literal["starttls", "tls", "none"]

_ADDRESS = re.compile(r"[^\s<>]+@[^\s<>]+")


class MailFailure(Exception):
    """A mail did not leave. The text carries the server's answer without any e-mail address, so it may be logged."""


class TemporaryMailFailure(MailFailure):
    """Worth another try: no connection, a 4xx answer, or something about our access that an operator can put right."""


class PermanentMailFailure(MailFailure):
    """The server refuses this very mail (5xx); another try would be refused as well."""


class Mailer(Protocol):
    """Sends mails."""

    def send(self, message: EmailMessage) -> None:
        """Returns when somebody else is answerable for the mail. Raises TemporaryMailFailure or PermanentMailFailure."""
        ...


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Hands mails to a mail server, one connection a mail.

    `security`: "starttls" (refuses a server that does not offer it), "tls" from the first byte, or "none", which is only
    for a server on this machine. Certificates are verified against the system's authorities or `ca_file`. `timeout_seconds`
    bounds the whole exchange, however slowly the server drips; `connect_timeout_seconds` each attempt to connect.
    `client_name` is what EHLO says; empty means this machine's name.
    """

    host: str
    port: int
    security: Security = "starttls"
    user: str = ""
    password: str = ""
    ca_file: Path | None = None
    timeout_seconds: float = 20
    connect_timeout_seconds: float = 5
    client_name: str = ""

    def __post_init__(self) -> None:
        if self.security == "none" and not _is_this_machine(self.host):
            raise ValueError("mail may only leave this machine encrypted")

    def send(self, message: EmailMessage) -> None:
        """One mail to the addresses in its To header."""
        server = self._unconnected()
        try:
            with _deadline(server, self.timeout_seconds):
                self._connect(server)
                _hand_over(server, message)
                _say_goodbye(server)
        except (smtplib.SMTPException, OSError) as error:
            raise TemporaryMailFailure(_reason(error)) from error
        finally:
            server.close()

    def _unconnected(self) -> smtplib.SMTP:
        name, seconds = self.client_name or None, self.connect_timeout_seconds
        if self.security == "tls":
            return smtplib.SMTP_SSL(local_hostname=name, timeout=seconds, context=self._tls())
        return smtplib.SMTP(local_hostname=name, timeout=seconds)

    def _connect(self, server: smtplib.SMTP) -> None:
        # The name the certificate must carry; smtplib takes it from the constructor, which would also connect, out of our deadline's reach.
        server._host = self.host  # type: ignore[attr-defined]
        code, answer = server.connect(self.host, self.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, answer)
        if server.sock is not None:
            server.sock.settimeout(self.timeout_seconds)
        server.ehlo_or_helo_if_needed()
        if self.security == "starttls":
            server.starttls(context=self._tls())
            server.ehlo_or_helo_if_needed()
        if self.user:
            server.login(self.user, self.password)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    """The part in which a 5xx is about this mail and not about us. SMTPUTF8 is used when an address needs it."""
    try:
        server.send_message(message)
    except smtplib.SMTPSenderRefused:  # our own address or log-in is at fault: every mail would be refused until somebody puts it right
        raise
    except smtplib.SMTPRecipientsRefused as refused:
        code, answer = next(iter(refused.recipients.values()))
        raise _failure(code, answer) from refused
    except smtplib.SMTPResponseException as refused:
        raise _failure(refused.smtp_code, refused.smtp_error) from refused
    except smtplib.SMTPNotSupportedError as error:  # the address needs SMTPUTF8, and the server has it not
        raise PermanentMailFailure(_reason(error)) from error


def _say_goodbye(server: smtplib.SMTP) -> None:
    with contextlib.suppress(smtplib.SMTPException, OSError):  # the mail is accepted; nothing after that may send it again
        server.quit()


@contextlib.contextmanager
def _deadline(server: smtplib.SMTP, seconds: float) -> Generator[None, None, None]:
    """Cuts the connection when the block takes longer, which no socket timeout does for a server that sends a byte now and then."""
    cut = threading.Event()

    def cut_off() -> None:
        cut.set()
        if server.sock is not None:
            with contextlib.suppress(OSError):
                server.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (smtplib.SMTPException, OSError) as error:
        if cut.is_set():
            raise TemporaryMailFailure(f"the mail server took longer than {seconds:g} s") from error
        raise
    finally:
        timer.cancel()


def _failure(code: int, answer: bytes | str) -> MailFailure:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    kind = PermanentMailFailure if 500 <= code <= 599 else TemporaryMailFailure
    return kind(_without_addresses(f"{code} {text}"))


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return str(_failure(error.smtp_code, error.smtp_error))
    return _without_addresses(f"{type(error).__name__}: {error}")


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub("(address)", " ".join(text.split()))[:300]


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class FileMailer:
    """Puts each mail into a folder as one `.eml` file. The names sort in the order the mails were sent.

    A name is the mail's Date and a count within that second, "20261122T101530Z-0001.eml". The last name is kept in a lock
    file, so the order holds across processes and restarts, names are never used twice, and when the clock was set back the
    count goes on in the last second. A file appears complete or not at all. People open these files in an editor, so the text
    part is written as it reads: encoded for old mail servers, a link longer than a line could not be copied.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._between_threads = threading.Lock()

    def send(self, message: EmailMessage) -> None:
        """Returns when the file is on the disk."""
        body = _readable(message).as_bytes(policy=SMTP)
        stamp = parsedate_to_datetime(str(message["Date"])).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._between_threads, (self._folder / ".last").open("a+") as last:
                if fcntl is not None:
                    fcntl.flock(last, fcntl.LOCK_EX)
                name = _name_after(last, stamp)
                unfinished = self._folder / ".next"
                _write_through(unfinished, body)
                unfinished.replace(self._folder / f"{name}.eml")
                _sync_folder(self._folder)
        except OSError as error:
            raise TemporaryMailFailure(f"{type(error).__name__}: {error.strerror}") from error


def _readable(message: EmailMessage) -> EmailMessage:
    """The same mail with its text part in plain UTF-8 (8bit), its lines whole."""
    same = copy.deepcopy(message)
    text = same.get_body(("plain",))
    if text is not None:
        body = text.get_payload(decode=True)
        text.set_payload(body.decode("ascii", "surrogateescape") if isinstance(body, bytes) else body)
        del text["Content-Transfer-Encoding"]
        text["Content-Transfer-Encoding"] = "8bit"
    return same


def _name_after(last: TextIO, stamp: str) -> str:
    """The name that follows the one in the file `last`, which it replaces there."""
    last.seek(0)
    last_stamp, _, count = last.read().partition("-")
    name = f"{last_stamp}-{int(count) + 1:04d}" if last_stamp >= stamp and count.isdigit() else f"{stamp}-0001"
    last.seek(0)
    last.truncate()
    last.write(name)
    last.flush()
    return name


def _write_through(path: Path, body: bytes) -> None:
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if fcntl is None:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
