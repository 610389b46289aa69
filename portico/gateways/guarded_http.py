"""What Portico sends to addresses that somebody else typed.

For every post all addresses of the host are asked for, every one of them must be global, and the connection goes to one of these very
addresses: so that what was checked is what is reached, whatever the name leads to a moment later (DNS rebinding). The certificate is
checked for the name. Redirects are an answer like any other, proxies of the environment are not used, the whole takes ten seconds at
most, and of what is answered nothing but the status is read.
"""

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

from portico.domain.errors import Refused
from portico.domain.webhook_url import Target, is_global, is_this_machine, parse
from portico.gateways.http_out import Answer

WHOLE_SECONDS = 10.0
LARGEST_HEAD_BYTES = 64 * 1024
MOST_ADDRESSES = 4  # tried one after the other
USER_AGENT = "Portico-Webhooks/1"


def look_up(host: str, port: int) -> list[str]:
    """Every address of a name, as the system's resolver tells them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
    """A connection to an IP address. Raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.settimeout(timeout_seconds)
        opened.connect((address, port))
    except BaseException:
        opened.close()
        raise
    return opened


class GuardedHttp:
    """The HttpOut of a running installation. `loopback`: http to this very machine is allowed too, for the demo and for tests. The other
    parameters are the outside world."""

    def __init__(
        self,
        *,
        loopback: bool = False,
        whole_seconds: float = WHOLE_SECONDS,
        look_up: Callable[[str, int], Sequence[str]] = look_up,
        connect: Callable[[str, int, float], socket.socket] = connect,
        authorities: ssl.SSLContext | None = None,
    ) -> None:
        self._loopback, self._whole_seconds = loopback, whole_seconds
        self._look_up, self._connect, self._authorities = look_up, connect, authorities

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        began = time.monotonic()
        status, error = None, None
        try:
            target = parse(url, loopback=self._loopback)
            status = self._post(target, body, headers, began + self._whole_seconds)
        except Refused:
            error = "address_not_allowed"
        except _Unsent as unsent:
            error = str(unsent)
        except TimeoutError:
            error = "timeout"
        except ssl.SSLCertVerificationError:
            error = "certificate_invalid"
        except ssl.SSLError:
            error = "tls_failed"
        except OSError:
            error = "connection_lost"
        except (http.client.HTTPException, ValueError):
            error = "not_http"
        return Answer(status, error, int((time.monotonic() - began) * 1000))

    def _post(self, target: Target, body: bytes, headers: Mapping[str, str], until: float) -> int:
        with self._reach(target, until) as plain:
            plain.settimeout(_left(until))
            if target.is_loopback:
                return _exchange(plain, target, body, headers, until)
            self._authorities = self._authorities or ssl.create_default_context()
            with self._authorities.wrap_socket(plain, server_hostname=target.host) as encrypted:
                return _exchange(encrypted, target, body, headers, until)

    def _reach(self, target: Target, until: float) -> socket.socket:
        """A connection to one of the target's addresses, when all of them are allowed."""
        addresses = self._addresses(target, until)
        is_allowed = is_this_machine if target.is_loopback else is_global
        if not all(is_allowed(address) for address in addresses):
            raise _Unsent("address_not_allowed")
        for address in addresses[:MOST_ADDRESSES]:
            try:
                return self._connect(address, target.port, _left(until))
            except TimeoutError:
                raise
            except OSError:
                continue
        raise _Unsent("connection_failed")

    def _addresses(self, target: Target, until: float) -> Sequence[str]:
        """Asks in a thread of its own: the system's resolver cannot be told how long it may take."""
        answers: list[Sequence[str]] = []

        def ask() -> None:
            try:
                answers.append(self._look_up(target.host.strip("[]"), target.port))
            except (OSError, UnicodeError):
                answers.append(())

        asking = threading.Thread(target=ask, name="portico-look-up", daemon=True)
        asking.start()
        asking.join(_left(until))
        if not answers:
            raise TimeoutError
        if not answers[0]:
            raise _Unsent("name_not_found")
        return answers[0]


class _Unsent(Exception):
    """Nothing was sent; the text is one of ERRORS."""


class _Timed(io.RawIOBase):
    """Reads from a socket until a moment that every byte counts towards, and no more than a head of an answer has."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        super().__init__()
        self._connection, self._until, self._left_bytes = connection, until, LARGEST_HEAD_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left_bytes <= 0:
            raise http.client.HTTPException("the head of the answer is too long")
        self._connection.settimeout(_left(self._until))
        count = self._connection.recv_into(buffer, min(len(buffer), self._left_bytes))
        self._left_bytes -= count
        return count


class _Wire:
    """What the standard library's HTTP asks of a socket."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection, self._until = connection, until

    def sendall(self, data: bytes) -> None:
        self._connection.settimeout(_left(self._until))
        self._connection.sendall(data)

    def makefile(self, _mode: str) -> IO[bytes]:
        return io.BufferedReader(_Timed(self._connection, self._until))

    def close(self) -> None:
        """Whoever opened the connection closes it."""


def _exchange(connection: socket.socket, target: Target, body: bytes, headers: Mapping[str, str], until: float) -> int:
    """Posts over an open connection; the status of the answer. Raises OSError, HTTPException and ValueError."""
    speaking = http.client.HTTPConnection(target.host, target.port)
    speaking.sock = _Wire(connection, until)
    speaking.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
    port = f":{target.port}" if target.is_loopback else ""
    own = {"host": target.host + port, "user-agent": USER_AGENT, "content-length": str(len(body)), "connection": "close"}
    for name, value in {**headers, **own}.items():
        speaking.putheader(name, value)
    speaking.endheaders(body)
    return speaking.getresponse().status


def _left(until: float) -> float:
    """The seconds that are left. Raises TimeoutError when none are."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
