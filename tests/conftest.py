"""What tests stand on: a fresh, migrated database of either kind, a fixed moment, and a runtime that is the same every time."""

import gc
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright

from portico.app import id_maker
from portico.gateways.http_out import Answer
from portico.mail.transport import FileMailer
from portico.sandbox.bank import Bank
from portico.services.runtime import Runtime
from portico.storage.database import Database
from portico.storage.migrate import migrate
from tests import chromium, postgres
from tests.bank import BankGateway
from tests.emptying import Emptying, watch
from tests.factories import Factory

NOW = datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC)
DIALECTS = ("sqlite", "postgresql")
LONG_FOLDERS = {"journeys", "model", "proofs", "years", "jobs", "faults"}
LONG_FIXTURES = {"chrome", "validate"}  # a browser, a virtual machine
OpenFresh = Callable[[bool], AbstractContextManager[Database]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests come first, then those with many: one that begins last keeps a single worker busy at the end, while the
    others have nothing left to do. Within a file nothing moves."""
    tests = Counter(item.path for item in items)
    long = {item.path for item in items if item.path.parent.name in LONG_FOLDERS or LONG_FIXTURES & set(getattr(item, "fixturenames", ()))}
    items.sort(key=lambda item: (item.path not in long, 0 if item.path in long else -tests[item.path]))


def pytest_collection_finish() -> None:
    """All modules and tests are there to stay: the garbage collector need not look at them again and again, which took a seventh of the
    processor's time. What tests leave behind is collected as ever, if not as often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


class SteppingClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **amount: int) -> datetime:
        """Moves on by `seconds=`, `minutes=`, `days=`, ... (or back, if negative) and tells the new time."""
        self.time += timedelta(**amount)
        return self.time


class NobodyThere:
    """A world without receivers of webhooks."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return Answer(None, "connection_failed", 0)


@pytest.fixture
def now() -> datetime:
    """The moment every test happens at."""
    return NOW


@pytest.fixture
def clock(now: datetime) -> SteppingClock:
    return SteppingClock(now)


@pytest.fixture
def random_bytes() -> Callable[[int], bytes]:
    """The same bytes in every run."""
    return random.Random(20260314).randbytes


@pytest.fixture(params=DIALECTS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh database with all tables, once on SQLite and once on PostgreSQL."""
    open_fresh: OpenFresh = request.getfixturevalue(f"{request.param}_databases")
    with open_fresh(True) as database:
        yield database


@pytest.fixture(params=DIALECTS)
def empty_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database without a single table, of either kind: for tests of migrations."""
    open_fresh: OpenFresh = request.getfixturevalue(f"{request.param}_databases")
    with open_fresh(False) as database:
        yield database


@pytest.fixture
def bank(clock: SteppingClock) -> Bank:
    """A payment provider with its own ledger, in memory; the yardstick for what the portal believes it was paid."""
    return Bank(None, clock, random.Random(20260315).randbytes)


@pytest.fixture
def gateway(bank: Bank) -> BankGateway:
    """The way to `bank`, with faults on order; see tests/bank.py."""
    return BankGateway(bank)


@pytest.fixture
def runtime(
    database: Database, clock: SteppingClock, random_bytes: Callable[[int], bytes], tmp_path: Path, gateway: BankGateway
) -> Runtime:
    """A Runtime on `database` whose mails land in `tmp_path/mailbox`, whose clock is `clock`, whose chance is seeded, and which
    charges at `bank` in both environments."""
    return Runtime(
        database=database,
        mailer=FileMailer(tmp_path / "mailbox"),
        clock=clock,
        random_bytes=random_bytes,
        new_id=id_maker(clock, random_bytes),
        secret=b"a secret of the tests, kept by nobody",
        origin="https://portal.test",
        mail_from="portal@portal.test",
        gateways={"test": gateway, "prod": gateway},
        http_out=NobodyThere(),
    )


@pytest.fixture
def factory(database: Database, now: datetime) -> Factory:
    """Makes stores, buyers, orders, subscriptions and payments; see tests/factories.py."""
    return Factory(database, now)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """Chromium. For a module, not a session: while it runs, Playwright keeps an event loop in this thread, which neither a second
    Playwright nor a test of asynchronous code could share."""
    path = chromium.find()
    assert path, "no Chromium: run python tests/chromium.py"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def sqlite_databases() -> Iterator[OpenFresh]:
    folder = postgres.scratch_folder("sqlite")
    template, idle, numbers = folder / "template.db", list[Database](), count(1)
    with _open(f"sqlite:///{template}") as database:
        migrate(database)

    @contextmanager
    def open_fresh(migrated: bool) -> Iterator[Database]:
        with _used_again(idle, lambda: f"sqlite:///{folder / f'{next(numbers)}.db'}") as database:
            assert database.file
            if migrated:
                shutil.copyfile(template, database.file)
            yield database
        for file in folder.glob(f"{database.file.name}*"):
            file.unlink(missing_ok=True)

    yield open_fresh
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgresql_databases() -> Iterator[OpenFresh]:
    empty, idle, numbers = list[tuple[Database, Emptying | None, ExitStack]](), list[Database](), count(1)
    with postgres.server() as url, psycopg.connect(url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE template_portico")
        with _open(_named(url, "template_portico")) as database:
            migrate(database)
        watch(_named(url, "template_portico"))

        def made(migrated: bool) -> tuple[Database, Emptying | None, ExitStack]:
            life = ExitStack()
            database = life.enter_context(_used_again(idle, lambda: _named(url, f"test_{next(numbers)}")))
            name = str(database.engine.url.database)
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {'template_portico' if migrated else 'template0'}".encode())
            life.callback(admin.execute, f"DROP DATABASE {name} WITH (FORCE)".encode())
            emptying = life.enter_context(closing(Emptying(_named(url, name)))) if migrated else None
            return database, emptying, life

        @contextmanager
        def open_fresh(migrated: bool) -> Iterator[Database]:
            database, emptying, life = empty.pop() if migrated and empty else made(migrated)
            with life:
                yield database
                if emptying is not None and emptying.is_done(database):
                    database._listeners.clear()
                    empty.append((database, emptying, life.pop_all()))

        yield open_fresh
        for _, _, life in empty:
            life.close()


def _named(url: str, database: str) -> str:
    return url.replace("/postgres?", f"/{database}?")


@contextmanager
def _used_again(idle: list[Database], new_url: Callable[[], str]) -> Iterator[Database]:
    """A database of those that no test uses now, for what will be made at its address. Its engines know the statements that they
    have compiled: to compile them anew for every test takes longer than to run them."""
    database = idle.pop() if idle else Database(new_url())
    pools = [engine.pool for engine in database.engines]
    try:
        yield database
    finally:
        database.dispose()
    if not any(pool.checkedout() for pool in pools):  # else something holds on to what is about to go
        database._listeners.clear()
        idle.append(database)


@contextmanager
def _open(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()
