"""A shop with plans behind a real server, and its bank within reach of the test."""

import hashlib
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import sqlalchemy as sa

from portico.app import id_maker
from portico.gateways.port import Charge, ChargeResult
from portico.mail.transport import FileMailer
from portico.sandbox.bank import Bank
from portico.server import create_app
from portico.services.runtime import Runtime
from portico.storage import tables
from portico.storage.database import Database
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.gateways.sandbox_process import free_port
from tests.sandbox.conftest import listening
from tests.services.shop import START, Shop, opened


class SlowBank(BankGateway):
    """It takes a moment for a charge, in which everybody else comes."""

    def charge(self, charge: Charge) -> ChargeResult:
        time.sleep(0.01)
        return super().charge(charge)


@contextmanager
def served(database: Database, folder: Path) -> Generator[Shop]:
    """The shop's portal answers at `shop.runtime.origin`. Nobody does background work; time stands still."""
    clock, port = SteppingClock(START), free_port()
    gateway = SlowBank(Bank(None, clock, Random(1).randbytes))
    runtime = Runtime(
        database=database, mailer=FileMailer(folder), clock=clock, random_bytes=Random(2).randbytes,
        new_id=id_maker(clock, Random(3).randbytes), secret=b"a secret of the tests, kept by nobody",
        origin=f"http://127.0.0.1:{port}", mail_from="portal@portal.test",
    )  # fmt: skip
    shop = opened(runtime, Factory(database, START), gateway, clock)
    with listening(create_app(shop.runtime), runtime.origin):
        yield shop


def fingerprint(database: Database) -> str:
    """Of every row of every table."""
    digest = hashlib.sha256()
    with database.read() as connection:
        for table in tables.metadata.sorted_tables:
            for row in sorted(str(tuple(row)) for row in connection.execute(sa.select(table))):
                digest.update(f"{table.name} {row}\n".encode())
    return digest.hexdigest()
