"""Where the town's webhooks go: a receiver on this machine that loses some of them, and the count afterwards. Whatever happened was
told, and nothing was told that did not happen."""

import random
import threading
from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import sqlalchemy as sa
from standardwebhooks import Webhook

from portico.app import system_clock
from portico.domain.scope import StoreScope
from portico.domain.webhook import Endpoint
from portico.services import webhook_secret
from portico.storage import tables, webhook_endpoint
from portico.storage.database import Database

_LOST = 0.1  # of each answer, while it storms


class PostOffice:
    """What arrived, by the event's id: the bodies, all of them signed."""

    def __init__(self, secret: bytes, seed: int) -> None:
        self.arrived: defaultdict[str, set[bytes]] = defaultdict(set)
        self.forged = 0
        self.storms = True
        self._secret, self._chance, self._mutex = secret, random.Random(seed), threading.Lock()
        self._endpoint: Endpoint | None = None

    def open(self, database: Database, store: StoreScope, url: str) -> None:
        """Has everything that happens in the store sent here."""
        self._endpoint = Endpoint("WHE_town", url, "", "standard", (), "enabled", None, 1, None, system_clock())
        with database.transaction() as tx:
            webhook_endpoint.create(tx, store, self._endpoint)

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """The status that is answered: often enough what was taken in is answered as if it had not been."""
        assert self._endpoint is not None
        try:
            told = Webhook(webhook_secret.of(self._secret, self._endpoint)).verify(body, headers)
        except Exception:
            self.forged += 1
            return 400
        with self._mutex:
            self.arrived[told["id"]].add(body)
            return 500 if self.storms and self._chance.random() < _LOST else 204

    def wrong(self, database: Database) -> list[str]:
        """What was lost, told twice in our rows, told otherwise, or told and never happened."""
        with database.read() as connection:
            events = dict(_pairs(connection, tables.event.c.id, tables.event.c.type))
            sent = list(connection.execute(sa.select(tables.webhook_delivery)))
            made = Counter(connection.execute(sa.select(tables.webhook_attempt.c.delivery_id)).scalars())
            paid = connection.execute(_count(tables.payment.c.status == "succeeded")).scalar_one()
            issued = connection.execute(_count(tables.document.c.id != "")).scalar_one()
        bodies = {row.event_id: row.body.encode() for row in sent}
        wrong = [f"{event_id} has {count} deliveries" for event_id, count in Counter(row.event_id for row in sent).items() if count != 1]
        wrong += [f"{event_id} was not sent" for event_id in events.keys() - bodies.keys()]
        wrong += [
            f"{row.id} is {row.status} after {row.attempts}" for row in sent if row.status != "succeeded" or row.attempts != made[row.id]
        ]
        wrong += [f"{event_id} did not arrive" for event_id in events.keys() - self.arrived.keys()]
        wrong += [f"{event_id} arrived and never happened" for event_id in self.arrived.keys() - events.keys()]
        wrong += [f"{event_id} was told otherwise" for event_id, told in self.arrived.items() if told != {bodies.get(event_id)}]
        types = Counter(events.values())
        told = {"payment.succeeded": paid, "document.issued": issued}
        wrong += [f"{types[name]} {name}, and {count} happened" for name, count in told.items() if types[name] != count]
        return wrong + ["somebody else's signature"] * self.forged


@contextmanager
def opened(database: Database, store: StoreScope, secret: bytes, seed: int) -> Generator[PostOffice]:
    """A post office that is there until the end of the block, whoever else dies."""
    office = PostOffice(secret, seed)

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:  # its sender was killed in the middle
                return
            self.send_response(office.take(body, dict(self.headers)))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Desk) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        office.open(database, store, f"http://127.0.0.1:{server.server_port}/town")
        try:
            yield office
        finally:
            server.shutdown()


def _pairs(connection: sa.Connection, *columns: sa.Column[Any]) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in connection.execute(sa.select(*columns))]


def _count(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(sa.func.count()).where(condition)
