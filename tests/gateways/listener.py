"""A server on a real socket of this machine that answers every connection with the same bytes, and remembers who came and what was
said. For whatever speaks to addresses that strangers typed."""

import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portico.app import system_clock

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Listener:
    """`requests` are the bytes of each connection up to the answer; `names` the names asked for in TLS."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


Speak = Callable[[socket.socket], None]


def says(answer: bytes) -> Speak:
    """Sends an answer and hangs up."""
    return lambda connection: connection.sendall(answer)


def drips(answer: bytes, *, every_seconds: float) -> Speak:
    """Sends an answer byte by byte, for as long as somebody listens."""

    def speak(connection: socket.socket) -> None:
        for byte in answer:
            connection.sendall(bytes([byte]))
            time.sleep(every_seconds)

    return speak


@contextmanager
def listening(speak: Speak, *, tls: ssl.SSLContext | None = None) -> Generator[Listener]:
    """A listener until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.02)
        found, over = Listener(server.getsockname()[1]), threading.Event()
        if tls is not None:
            tls.sni_callback = lambda _socket, name, _context: found.names.append(name)

        def accept() -> None:
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                found.connections += 1
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            try:
                with connection if tls is None else tls.wrap_socket(connection, server_side=True) as talking:
                    found.requests.append(_request(talking))
                    speak(talking)
            except OSError:  # the other side had enough
                pass

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield found
        finally:
            over.set()
            accepting.join()


def _request(connection: socket.socket) -> bytes:
    """Head and body of a request with a content-length."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = read.partition(b"\r\n\r\n")
    length = int(next((line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), b"0"))
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def certificate(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for a name, and a client's that trusts it alone."""
    key, now = ec.generate_private_key(ec.SECP256R1()), system_clock()
    issued_to = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder().subject_name(issued_to).issuer_name(issued_to).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return _server_context(pem + private), ssl.create_default_context(cadata=pem.decode())


def _server_context(pem: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context
