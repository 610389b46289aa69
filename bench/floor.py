"""The floor: the least that can serve an orders page. A bare asyncio protocol, the sqlite3 module, one f-string a row.

Same session check, same two queries, a page of about the same size, and nothing else: no routing, no languages, no headers
worth the name. What Portico costs is told as a multiple of this.
"""

import asyncio
import hashlib
import sqlite3
import sys
from datetime import UTC, datetime
from html import escape

ORDERS = """
SELECT o.id, o.product_name, o.status, o.total_minor, o.currency, o.created_at FROM orders o
WHERE o.store_id = ? AND o.environment = ? AND o.buyer_id = ? ORDER BY o.created_at DESC, o.id DESC LIMIT 25
"""
PAYMENTS = "SELECT order_id, status, total_minor, currency, method_brand, method_last4, created_at FROM payment WHERE order_id IN ({})"
SESSION = """
SELECT s.store_id, s.environment, s.buyer_id, b.email FROM session s JOIN buyer b ON b.id = s.buyer_id
WHERE s.token_hash = ? AND s.expires_at > ? AND s.ended_at IS NULL
"""
FILLER = "<p>" + "x" * 3000 + "</p>"  # the head, navigation and footer of a real page


def page(connection: sqlite3.Connection, token: str) -> bytes:
    now = int(datetime.now(UTC).timestamp() * 1e6)
    row = connection.execute(SESSION, (hashlib.sha256(token.encode()).digest(), now)).fetchone()
    if row is None:
        return b"HTTP/1.1 303 See Other\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"
    store, environment, buyer, email = row
    orders = connection.execute(ORDERS, (store, environment, buyer)).fetchall()
    marks = ",".join("?" * len(orders))
    payments: dict[str, list[tuple[str, int, str, str, str]]] = {}
    for order, status, total, currency, brand, last4, _ in connection.execute(PAYMENTS.format(marks), [o[0] for o in orders]):
        payments.setdefault(order, []).append((status, total, currency, brand, last4))
    rows = "".join(
        f'<tr><td><a href="/orders/{o}">{escape(name)}</a></td><td>{datetime.fromtimestamp(at / 1e6, UTC):%d.%m.%Y}</td><td>{status}</td>'
        f"<td>{total / 100:.2f} {currency}</td><td>"
        + "".join(f"{s} {t / 100:.2f} {c} {b} {last4}" for s, t, c, b, last4 in payments.get(o, ()))
        + "</td></tr>"
        for o, name, status, total, currency, at in orders
    )
    body = f"<!doctype html><title>Orders</title><p>{escape(email)}</p>{FILLER}<table>{rows}</table>".encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(body) + body


class Protocol(asyncio.Protocol):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            token = head.rpartition(b"portico-session=")[2].partition(b"\r\n")[0].partition(b";")[0].decode()
            self.transport.write(page(self.connection, token))  # type: ignore[attr-defined]


async def serve(path: str, port: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    server = await asyncio.get_running_loop().create_server(lambda: Protocol(connection), "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
