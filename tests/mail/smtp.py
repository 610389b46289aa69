"""Mail servers for tests: a real one (aiosmtpd, with STARTTLS and AUTH), and one that does exactly what a script says."""

import asyncio
import functools
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "portal", "correct horse battery staple"


class Inbox:
    """What an aiosmtpd server took in."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.senders: list[str | None] = []
        self.encrypted: list[bool] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.senders.append(envelope.mail_from)
        self.encrypted.append(session.ssl is not None or isinstance(server.transport.get_extra_info("ssl_object"), ssl.SSLObject))
        return "250 taken"


@contextmanager
def server(inbox: Inbox, *, tls: Path | None = None, implicit: bool = False, auth: bool = False, **options: Any) -> Iterator[int]:
    """A server on 127.0.0.1; its port. `tls` is a file with certificate and key, `implicit` encrypts from the first byte."""
    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)

    def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
        right = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    if context is not None and not implicit:
        options |= {"tls_context": context, "require_starttls": True}
    if auth:
        options |= {"authenticator": check, "auth_required": True}
    loop = asyncio.new_event_loop()
    make = functools.partial(SMTP, inbox, loop=loop, hostname="mail.test", **options)
    listener = loop.run_until_complete(loop.create_server(make, "127.0.0.1", 0, ssl=context if implicit else None))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_close(listener), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(listener: asyncio.Server) -> None:
    listener.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def scripted(script: Callable[["Line"], None]) -> Iterator[int]:
    """A server on 127.0.0.1 that runs `script` for each connection; its port."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError, TimeoutError, ValueError):
                script(Line(self))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listener:
        listener.daemon_threads = True
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield listener.server_address[1]
        finally:
            listener.shutdown()
            thread.join()


class Line:
    """One connection, seen from the server."""

    def __init__(self, handler: socketserver.StreamRequestHandler) -> None:
        self._handler = handler
        handler.connection.settimeout(5)

    def say(self, text: str) -> None:
        self._handler.wfile.write(text.encode() + b"\r\n")

    def drip(self, text: str) -> None:
        self._handler.wfile.write(text.encode())

    def hear(self) -> str:
        return self._handler.rfile.readline().decode().strip()

    def hear_body(self) -> None:
        while self.hear() != ".":
            pass

    def hang_up(self) -> None:
        self._handler.connection.shutdown(socket.SHUT_RDWR)

    def wait_for_the_end(self) -> None:
        while self._handler.rfile.readline():
            pass


def answering(**answers: str) -> Callable[[Line], None]:
    """A script that says 250 to everything but the verbs named (`rcpt="550 no such user"`); `body` is the answer after the mail."""

    def script(line: Line) -> None:
        line.say(answers.get("greeting", "220 test"))
        while command := line.hear():
            verb = command.split()[0].split(":")[0].lower()
            if verb == "data" and "data" not in answers:
                line.say("354 go on")
                line.hear_body()
                line.say(answers.get("body", "250 taken"))
            else:
                line.say(answers.get(verb, "250 fine"))
            if verb == "quit":
                return

    return script


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate with its key, in one file. "localhost" is good for 127.0.0.1, too."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(IPv4Address("127.0.0.1")))
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / f"{name}.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file
