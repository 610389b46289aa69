"""A pack of 1,000 documents: seconds and memory, beside making the same files one after the other."""

import json
import subprocess
import sys
import time
from datetime import date
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from bench.report import line
from bench.world import world
from portico import logs
from portico.app import build
from portico.config import Settings
from portico.domain.errors import Refused
from portico.domain.scope import BuyerScope
from portico.jobs.worker import Worker
from portico.services import document_file, pack
from portico.services.runtime import Runtime
from portico.storage import document, tables
from portico.storage import pack as stored

FEW, MANY = 30, 500  # purchases: each has an invoice, which is three files, and a receipt
_SAMPLE = 100


def packs() -> None:
    """Each pack is made by a process of its own, whose memory is read at its highest."""
    with world(FEW, MANY) as made:
        one = _one_by_one(made.runtime, MANY)
        few, many = (_made_by_a_child(made.settings, size) for size in (FEW, MANY))
    seconds, count = many["wall"], 2 * MANY
    beside = f"{many['cpu']:.0f} s CPU; {seconds / (one * count):.2f} of making the files one by one, {one * 1000:.0f} ms a document"
    line(f"pack of {count:,} documents, SQLite", f"{seconds:.0f} s", budget="30 s", beside=beside, kept=seconds <= 30)
    megabytes = f"file {many['size'] / 1e6:.0f} MB; {few['peak']:.0f} MB after a pack of {2 * FEW}, {many['before']:.0f} MB before"
    line("  memory at its highest", f"{many['peak']:.0f} MB", beside=megabytes)
    again = f"{many['again_cpu']:.1f} s CPU"
    line("  the same again, of files that are kept", f"{many['again']:.1f} s", beside=again)


def child(url: str, mail_dir: str, size: int) -> None:
    """Makes a buyer's pack, twice, and prints what it took."""
    runtime = _runtime(url, mail_dir)
    scope = _buyer(runtime, size)
    before = _megabytes("VmRSS")
    wall, cpu, made = _make(runtime, scope)
    peak = _megabytes("VmHWM")
    again, again_cpu, _ = _make(runtime, scope)
    told = {"wall": wall, "cpu": cpu, "again": again, "again_cpu": again_cpu, "before": before, "peak": peak, "size": made.size_bytes}
    print(json.dumps(told), flush=True)


def _make(runtime: Runtime, scope: BuyerScope) -> tuple[float, float, stored.Pack]:
    today = runtime.clock().date()
    asked = pack.ask(runtime, scope, date(today.year - 1, 1, 1), date(today.year, 12, 31))
    wall, cpu = time.perf_counter(), time.process_time()
    Worker(runtime).run_until_idle()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    with runtime.database.read() as connection:
        made = stored.get(connection, scope, asked.id)
    if made.status != "ready" or made.done != made.total:
        raise RuntimeError(made)
    return wall, cpu, made


def _one_by_one(runtime: Runtime, size: int) -> float:
    """Seconds for all files of a document, of which nothing is kept, warm."""
    scope, now = _buyer(runtime, size), runtime.clock()
    with runtime.database.read() as connection:
        found = document.between(connection, scope, now.replace(year=now.year - 1), now, limit=_SAMPLE + 2)
    times: list[float] = []
    for each in found:
        began = time.perf_counter()
        for media_type in (document_file.PDF, document_file.CII, document_file.UBL)[: 1 if each.kind == "receipt" else 3]:
            try:
                document_file.made_of(each, media_type, each.language)
            except Refused:
                continue
        times.append(time.perf_counter() - began)
    return sum(islice(times, 2, None)) / (len(times) - 2)


def _made_by_a_child(settings: Settings, size: int) -> dict[str, float]:
    arguments = f"child({settings.database_url!r}, {str(settings.mail_dir)!r}, {size})"
    command = [sys.executable, "-c", f"from bench.packs import child; {arguments}"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(told.splitlines()[-1])


def _runtime(url: str, mail_dir: str) -> Runtime:
    secret = "0123456789abcdefghijklmnopqrstuvwxyz"
    settings = Settings(database_url=url, secret=secret, mailer="file", mail_dir=Path(mail_dir), log_level="error")  # type: ignore[arg-type]
    logs.configure(settings)
    return build(settings)


def _buyer(runtime: Runtime, size: int) -> BuyerScope:
    table = tables.buyer
    columns = (table.c.store_id, table.c.environment, table.c.id)
    with runtime.database.read() as connection:
        return BuyerScope(*connection.execute(sa.select(*columns).where(table.c.email == f"b{size}@example.com")).one())


def _megabytes(name: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(text.split()[1]) / 1024 for text in status.splitlines() if text.startswith(f"{name}:"))
