"""Whoever is killed: a whole portal (web server for the bank's webhooks, worker with its sweeper, buyers who click) in a process of
its own. It is forked off a server that has imported everything, so that it is up in a fraction of a second; it ends by a signal, or
by itself when it lived too long.
"""

import ctypes
import faulthandler
import importlib
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import uvicorn

from portico.app import id_maker, system_clock, system_random
from portico.gateways.guarded_http import GuardedHttp
from portico.gateways.port import Charge, ChargeResult
from portico.gateways.sandbox import SandboxGateway
from portico.jobs import worker as working
from portico.mail.transport import FileMailer
from portico.server import create_app
from portico.services import marks
from portico.services.runtime import Runtime
from portico.storage.database import Database
from tests.proofs.journal import Journal
from tests.proofs.town import Town
from tests.proofs.traffic import Traffic

HUSH = signal.SIGUSR1
_LIVES_SECONDS = 1500
SECRET = b"a secret of the proofs, kept by nobody"


@dataclass(frozen=True, slots=True)
class Life:
    """How a victim lives. `mark` is where it kills itself ("settling:2"); `buyers` is how many click at once, `share` which of the
    town's homes are theirs (the n-th of so many)."""

    name: str
    folder: Path
    database_url: str
    bank_url: str
    api_key: str
    webhook_secret: str
    port: int
    town: Town
    seed: int
    mark: str = ""
    buyers: int = 2
    share: tuple[int, int] = (0, 1)
    lease_seconds: int = 2
    wishes: tuple[str, ...] = ()
    forgetful: bool = False  # it asks for every charge under a new key, which is what the proof has to find


class ForgetfulGateway(SandboxGateway):
    """Each time it asks it is the first time."""

    def charge(self, charge: Charge) -> ChargeResult:
        return replace(super().charge(replace(charge, key=f"{charge.key}+{system_random(4).hex()}")), key=charge.key)


def runtime_of(life: Life) -> Runtime:
    gateway = (ForgetfulGateway if life.forgetful else SandboxGateway)(
        life.bank_url, life.api_key, life.webhook_secret, account="test", read_seconds=0.6
    )
    return Runtime(
        database=Database(life.database_url),
        mailer=FileMailer(life.folder / "mailbox"),
        clock=system_clock,
        random_bytes=system_random,
        new_id=id_maker(system_clock, system_random),
        secret=SECRET,
        origin="https://portal.test",
        mail_from="portal@portal.test",
        gateways={"test": gateway},
        http_out=GuardedHttp(loopback=True, whole_seconds=2),
    )


def live(life: Life, birth: Connection) -> None:
    """Until killed. Tells `birth` when everything runs; after HUSH the buyers ask for nothing more."""
    signal.alarm(_LIVES_SECONDS)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: with the test run, however that ends
    log = os.open(life.folder / f"{life.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    faulthandler.enable()
    os.environ["PORTICO_CRASH_AT"] = life.mark
    importlib.reload(marks)
    working._SWEEP_SECONDS = 0.2  # type: ignore[misc]
    runtime = runtime_of(life)
    working.Worker(runtime, lease_seconds=life.lease_seconds).start()
    here = replace(runtime, origin=f"http://127.0.0.1:{life.port}")  # that charges lead back to is everybody's, whoever makes them
    server = uvicorn.Server(uvicorn.Config(create_app(here), port=life.port, log_level="error", lifespan="on"))
    _spawn(server.run)
    hushed = threading.Event()
    signal.signal(HUSH, lambda *_: hushed.set())
    for n in range(life.buyers):
        _spawn(partial(_traffic(life, runtime, n).run, until=hushed))
    while not server.started:
        time.sleep(0.005)
    birth.send(None)
    while True:
        signal.pause()


def _traffic(life: Life, runtime: Runtime, n: int) -> Traffic:
    first, of = life.share
    return Traffic(
        runtime=runtime,
        town=life.town,
        homes=life.town.homes[first * life.buyers + n :: of * life.buyers],
        bank_url=life.bank_url,
        journal=Journal(life.folder / f"{life.name}-{n}.journal"),
        chance=random.Random(life.seed * 100 + n),
        wishes=list(life.wishes),
    )


def _spawn(run: Callable[[], None]) -> None:
    threading.Thread(target=run, daemon=True).start()
