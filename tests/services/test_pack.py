"""All documents of some days in one file: what is in it, that it is the same every time, and what becomes of one that goes wrong."""

import csv
import hashlib
import io
import random
import shutil
import subprocess
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import NotFound, Refused
from portico.domain.invoice import Document
from portico.domain.scope import BuyerScope, StoreScope
from portico.jobs.worker import Worker
from portico.services import document_file, pack
from portico.services.runtime import Runtime
from portico.storage import document, outbox, tables
from portico.storage import pack as packs
from portico.storage.database import count_statements
from portico.storage.pack import Pack
from tests.conftest import NOW, SteppingClock
from tests.factories import Factory

YEAR = (date(2026, 1, 1), date(2026, 12, 31))
FIRST_NAMES = ("pdf/INV-2026-000001.pdf", "xml/INV-2026-000001-cii.xml", "xml/INV-2026-000001-ubl.xml", "pdf/REC-2026-000001.pdf")
Make = Callable[..., bytes]


def fake(found: Document, media_type: str, language: str, cii: bytes | None = None, *, size: int = 0) -> bytes:
    """A file that costs nothing, and cannot be made smaller."""
    seed = f"{media_type} of {found.number} in {language}"
    return seed.encode() + random.Random(seed).randbytes(size)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Callable[[Make], None]:
    """Sets what makes the files; `fake` until then."""

    def made_by(make: Make) -> None:
        monkeypatch.setattr(document_file, "made_of", make)

    made_by(fake)
    return made_by


def bought(factory: Factory, scope: BuyerScope, count: int) -> None:
    """So many purchases, a minute apart, each with an invoice and a receipt."""
    for n in range(count):
        at = NOW - timedelta(minutes=count - n)
        paid = factory.payment(scope, factory.order(scope), created_at=at, succeeded_at=at)
        for kind in ("invoice", "receipt"):
            factory.document(scope, paid, kind=kind, issued_at=at)


def made(runtime: Runtime, scope: BuyerScope, days: tuple[date, date] = YEAR) -> Pack:
    """A pack that was asked for and made."""
    asked = pack.ask(runtime, scope, *days)
    Worker(runtime).run_until_idle()
    return found(runtime, scope, asked.id)


def found(runtime: Runtime, scope: BuyerScope, pack_id: str) -> Pack:
    with runtime.database.read() as connection:
        return packs.get(connection, scope, pack_id)


def whole(runtime: Runtime, scope: BuyerScope, ready: Pack) -> bytes:
    """The file, which is what the pack says it is."""
    body = b"".join(pack.read_parts(runtime, scope, ready.id))
    assert (len(body), hashlib.sha256(body).digest()) == (ready.size_bytes, ready.sha256)
    for skipped in (7, len(body) // 2, len(body) - 1, len(body)):
        assert b"".join(pack.read_parts(runtime, scope, ready.id, skipped)) == body[skipped:]
    return body


def opened(body: bytes) -> dict[str, bytes]:
    """What is in the file by name below its one folder, after every sum was checked."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        held = {info.filename: archive.read(info) for info in archive.infolist()}
        assert all(info.flag_bits & 0x08 == 0 for info in archive.infolist()), "sizes stand in front, for readers that cannot go back"
    assert len({name.partition("/")[0] for name in held}) == 1
    files = {name.partition("/")[2]: body for name, body in held.items()}
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert sums == {name: hashlib.sha256(body).hexdigest() for name, body in files.items() if name != "SHA256SUMS"}
    return files


def table(files: dict[str, bytes]) -> list[dict[str, str]]:
    text = files["documents.csv"].decode("utf-8")
    assert text.startswith("\ufeffnumber,kind,")
    assert text.count("\r\n") == text.count("\n")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))


def test_a_year_in_one_file(runtime: Runtime, factory: Factory, ada: BuyerScope, tmp_path: Path) -> None:
    bought(factory, ada, 1)
    paid = factory.payment(ada, factory.order(ada))
    factory.document(ada, paid)
    factory.credit_note(ada, paid, factory.refund(ada, paid, amount_minor=1000))
    ready = made(runtime, ada)
    body = whole(runtime, ada, ready)
    files = opened(body)
    numbers = ["INV-2026-000001", "REC-2026-000001", "INV-2026-000002", "CN-2026-000001"]
    rows = table(files)
    assert sorted(row["number"] for row in rows) == sorted(numbers)
    assert (ready.status, ready.total, ready.done) == ("ready", 4, 4)
    for row in rows:
        named = {row[column] for column in ("pdf", "cii", "ubl")} - {""}
        assert named <= set(files)
        assert files[row["pdf"]].startswith(b"%PDF-1.")
        assert len(named) == (1 if row["kind"] == "receipt" else 3)
        assert row["missing"] == ""
    credit_note = next(row for row in rows if row["kind"] == "credit_note")
    expected = {
        "number": "CN-2026-000001", "refers_to": "INV-2026-000002", "issued_on": "2026-03-14", "currency": "EUR", "net": "8.40",
        "tax": "1.60", "total": "10.00", "tax_rates": "19", "tax_reasons": "standard", "tax_bases": "8.40", "tax_amounts": "1.60",
        "pdf": "pdf/CN-2026-000001.pdf", "cii": "xml/CN-2026-000001-cii.xml", "ubl": "xml/CN-2026-000001-ubl.xml", "test": "no",
    }  # fmt: skip
    assert {name: credit_note[name] for name in expected} == expected
    held = {name for name in files if "/" in name} | {"documents.csv", "README.txt", "SHA256SUMS"}
    assert set(files) == held
    assert len(held) == 4 + 3 * 2 + 3
    readme = files["README.txt"].decode()
    assert "Documents of Jan 1\u2009–\u2009Dec 31, 2026" in readme
    assert "Nordlicht issued these documents to ada@example.com" in readme
    assert "Number of documents: 4" in readme
    assert "missing" not in readme
    invoice = next(row for row in rows if row["number"] == "INV-2026-000001")
    with runtime.database.read() as connection:
        kept = {name for (name,) in connection.execute(tables.document_file.select().with_only_columns(tables.document_file.c.media_type))}
    assert kept == {document_file.PDF, document_file.CII, document_file.UBL}, "what was made is kept, and served from then on"
    assert zipfile.ZipFile(io.BytesIO(body)).infolist()[0].date_time[:5] == local(NOW - timedelta(minutes=1))
    assert zipfile.ZipFile(io.BytesIO(body)).namelist()[0] == f"nordlicht-2026/{invoice['pdf']}"
    pieces = pack.read_parts(runtime, ada, ready.id)
    next(pieces)
    assert [engine.pool.checkedout() for engine in runtime.database.engines] == [0, 0], "a slow client holds no connection"
    if tool := shutil.which("unzip"):
        (tmp_path / "pack.zip").write_bytes(body)
        assert b"No errors" in subprocess.run([tool, "-t", tmp_path / "pack.zip"], check=True, capture_output=True).stdout


def local(moment: datetime) -> tuple[int, ...]:
    """Year to minute in Berlin, which is an hour ahead in winter."""
    return (moment + timedelta(hours=1)).timetuple()[:5]


def test_a_pdf_holds_the_e_invoice_that_lies_beside_it(
    runtime: Runtime, factory: Factory, ada: BuyerScope, files: Callable[[Make], None]
) -> None:
    files(lambda found, media_type, language, cii: b"with " + (cii or b"none") if media_type == document_file.PDF else b"one")
    bought(factory, ada, 2)
    with runtime.database.transaction() as tx:
        kept = document.page(tx, ada, kind="invoice", limit=1).items[0]  # an older version made this one's
        document.keep_file(tx, ada, kept.id, "en", document_file.CII, body=b"an older one", now=NOW)
    held = opened(whole(runtime, ada, made(runtime, ada)))
    assert [(held[row["pdf"]], held.get(row["cii"])) for row in table(held)] == [
        (b"with one", b"one"), (b"with none", None), (b"with an older one", b"an older one"), (b"with none", None),
    ]  # fmt: skip


def test_the_same_documents_give_the_same_bytes(
    runtime: Runtime, factory: Factory, ada: BuyerScope, clock: SteppingClock, files: Callable[[Make], None]
) -> None:
    bought(factory, ada, 12)
    with runtime.database.read() as connection:
        some = document.page(connection, ada, kind="invoice", limit=5).items
    for n, each in enumerate(some):  # somebody has had some of the files before
        (document_file.pdf(runtime, ada, each.id) if n % 2 else document_file.xml(runtime, ada, each.id, "ubl"))
    first = made(runtime, ada)
    files(lambda *_: b"a newer version of the program")  # what is kept is not made again
    clock.advance(hours=3)
    second = made(runtime, ada)
    names = zipfile.ZipFile(io.BytesIO(whole(runtime, ada, first))).namelist()
    assert names[:4] == [f"nordlicht-2026/{name}" for name in FIRST_NAMES]
    assert first.id != second.id
    assert first.sha256 == second.sha256
    assert pack.file_name(*_shop(runtime, ada), first) == "nordlicht-2026.zip"


def _shop(runtime: Runtime, scope: BuyerScope):  # type: ignore[no-untyped-def]
    with runtime.database.read() as connection:
        return pack.store.get(connection, scope.store_id), scope.environment


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("2026-01-01", "2026-12-31", "2026"),
        ("2026-07-01", "2026-09-30", "2026-Q3"),
        ("2026-02-01", "2026-02-28", "2026-02"),
        ("2026-02-02", "2026-02-28", "2026-02-02--2026-02-28"),
        ("2026-02-01", "2026-04-30", "2026-02-01--2026-04-30"),
        ("2025-07-01", "2026-06-30", "2025-07-01--2026-06-30"),
        ("2026-03-14", "2026-03-14", "2026-03-14"),
    ],
)
def test_periods_have_the_names_people_give_them(first: str, last: str, name: str) -> None:
    assert pack._period(date.fromisoformat(first), date.fromisoformat(last)) == name


def test_only_documents_of_those_days_in_the_stores_time_zone_are_in_it(
    runtime: Runtime, factory: Factory, ada: BuyerScope, clock: SteppingClock, files: None
) -> None:
    clock.advance(days=30)
    for at in ("2026-03-31T21:59:59.999999+00:00", "2026-03-31T22:00:00+00:00", "2026-04-01T21:59:59+00:00", "2026-04-01T22:00:00+00:00"):
        factory.document(ada, factory.payment(ada, factory.order(ada)), issued_at=datetime.fromisoformat(at))
    ready = made(runtime, ada, (date(2026, 4, 1), date(2026, 4, 1)))
    rows = table(opened(whole(runtime, ada, ready)))
    assert [(row["number"], row["issued_on"]) for row in rows] == [("INV-2026-000002", "2026-04-01"), ("INV-2026-000003", "2026-04-01")]


def test_what_people_typed_is_harmless_and_no_file_takes_anothers_place(
    runtime: Runtime, factory: Factory, ada: BuyerScope, files: None
) -> None:
    names = ['=HYPERLINK("http://evil.example","x")', " +1", "@SUM(A1)", "-2+3", 'Käse, "Brot"\r\nund Wein', "-5", "Ada;=1+1;-5; @x"]
    numbers = ["RE/1", "RE-1", "re 1", "RE_1", "=1+1", "5", "6"]
    for name, number in zip(names, numbers, strict=True):
        order = factory.order(ada, billing_detail=BillingDetail(country="DE", name=name))
        factory.document(ada, factory.payment(ada, order), elsewhere=number)
    held = opened(whole(runtime, ada, made(runtime, ada)))
    rows = table(held)
    *buyers, in_parts = [row["buyer"] for row in rows]
    assert buyers == [f"'{name}" if name[0] in "= +@" or name == "-2+3" else name for name in names[:-1]]
    assert in_parts == "Ada;'=1+1;-5;' @x"  # what a spreadsheet parts at semicolons
    assert [row["number"] for row in rows] == ["RE/1", "RE-1", "re 1", "RE_1", "'=1+1", "5", "6"]
    paths = [row["pdf"] for row in rows]
    assert paths[:4] == ["pdf/RE-1.pdf", "pdf/RE-1-2.pdf", "pdf/re-1-3.pdf", "pdf/RE_1.pdf"]
    assert len({path.casefold() for path in paths}) == len(paths)
    assert [held[path].decode() for path in paths] == [f"application/pdf of {number} in en" for number in numbers]


def test_a_file_that_cannot_be_made_is_told_and_comes_later(
    runtime: Runtime, factory: Factory, ada: BuyerScope, files: Callable[[Make], None], clock: SteppingClock
) -> None:
    def broken(found: Document, media_type: str, language: str, cii: bytes | None = None) -> bytes:
        if (found.number, media_type) == ("INV-2026-000002", document_file.PDF):
            raise OSError("no font")
        return fake(found, media_type, language)

    files(broken)
    bought(factory, ada, 3)
    held = opened(whole(runtime, ada, made(runtime, ada)))
    assert [row["missing"] for row in table(held)] == ["", "", "pdf", "", "", ""]
    assert "couldn’t be made yet" in held["README.txt"].decode()
    assert "- pdf/INV-2026-000002.pdf" in held["README.txt"].decode()
    with runtime.database.read() as connection:
        assert [state.lane for state in outbox.waiting(connection) if state.lane == "document"] == ["document"]
    files(fake)
    clock.advance(hours=1)
    Worker(runtime).run_until_idle()
    held = opened(whole(runtime, ada, made(runtime, ada)))
    assert [row["missing"] for row in table(held)] == [""] * 6
    assert "missing" not in held["README.txt"].decode()


def test_a_pack_that_was_cut_off_is_made_again_from_its_beginning(
    runtime: Runtime, factory: Factory, ada: BuyerScope, files: Callable[[Make], None], clock: SteppingClock
) -> None:
    def cut(found: Document, media_type: str, language: str, cii: bytes | None) -> bytes:
        if found.number == "REC-2026-000020":
            raise SystemExit  # the process ends
        return fake(found, media_type, language, size=60_000)

    files(cut)
    bought(factory, ada, 20)
    asked = pack.ask(runtime, ada, *YEAR)
    with pytest.raises(SystemExit):
        Worker(runtime).run_until_idle()
    half = found(runtime, ada, asked.id)
    assert (half.status, half.total) == ("pending", 40)
    assert 20 <= half.done < 40
    with runtime.database.read() as connection:
        assert connection.execute(tables.pack_part.select().with_only_columns(tables.pack_part.c.sequence)).all(), "nothing was put away"
    with pytest.raises(NotFound):
        pack.read_parts(runtime, ada, asked.id)
    files(lambda *a: fake(*a, size=60_000))
    clock.advance(minutes=1)  # its lease is over
    Worker(runtime).run_until_idle()
    ready = found(runtime, ada, asked.id)
    files_of_it = opened(whole(runtime, ada, ready))
    assert len(table(files_of_it)) == 40
    assert made(runtime, ada).sha256 == ready.sha256


def test_a_worker_that_is_to_end_leaves_a_pack_to_the_next(
    runtime: Runtime, factory: Factory, ada: BuyerScope, files: Callable[[Make], None], clock: SteppingClock
) -> None:
    bought(factory, ada, 20)
    asked, worker = pack.ask(runtime, ada, *YEAR), Worker(runtime, threads={"bulk": 1})
    begun = threading.Event()

    def stopped(found: Document, media_type: str, language: str, cii: bytes | None) -> bytes:
        begun.set()
        assert worker._stopping.wait(10)
        return fake(found, media_type, language)

    files(stopped)
    worker.start()
    assert begun.wait(10)
    worker.stop()
    half = found(runtime, ada, asked.id)
    assert half.status == "pending"
    assert half.done < 20
    files(fake)
    clock.advance(minutes=5)
    Worker(runtime).run_until_idle()
    assert len(table(opened(whole(runtime, ada, found(runtime, ada, asked.id))))) == 40


def test_one_who_goes_on_after_another_has_begun_again_spoils_nothing(
    runtime: Runtime, factory: Factory, ada: BuyerScope, files: Callable[[Make], None], clock: SteppingClock
) -> None:
    overtakers = iter([True])

    def overtaken(found: Document, media_type: str, language: str, cii: bytes | None) -> bytes:
        if (found.number, media_type) == ("REC-2026-000020", document_file.PDF) and next(overtakers, False):
            with runtime.database.transaction() as tx:
                packs.begin_again(tx, asked.id)
        return fake(found, media_type, language, size=60_000)

    files(overtaken)
    bought(factory, ada, 20)
    asked = pack.ask(runtime, ada, *YEAR)
    Worker(runtime).run_until_idle()
    assert found(runtime, ada, asked.id).status == "pending", "half of a file was called whole"
    clock.advance(minutes=1)
    Worker(runtime).run_until_idle()
    assert len(table(opened(whole(runtime, ada, found(runtime, ada, asked.id))))) == 40


def test_a_pack_that_fails_again_and_again_is_given_up_and_another_can_be_asked_for(
    runtime: Runtime, factory: Factory, ada: BuyerScope, monkeypatch: pytest.MonkeyPatch, clock: SteppingClock, files: None
) -> None:
    bought(factory, ada, 1)
    with monkeypatch.context() as broken:
        broken.setattr(pack.pack_texts, "readme", lambda *_a, **_k: 1 / 0)
        asked = pack.ask(runtime, ada, *YEAR)
        for _ in range(6):
            Worker(runtime).run_until_idle()
            clock.advance(minutes=5)
    assert found(runtime, ada, asked.id).status == "failed"
    with runtime.database.read() as connection:
        assert [(job.kind, job.attempt) for job in outbox.parked(connection)] == [("pack", 5)]
    assert made(runtime, ada).status == "ready"


def test_what_can_be_asked_for(
    runtime: Runtime, factory: Factory, ada: BuyerScope, clock: SteppingClock, files: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought(factory, ada, 2)
    assert refusal(runtime, ada, date(2026, 2, 1), date(2026, 1, 31)) == "pack_range"
    assert refusal(runtime, ada, date(2026, 3, 15), date(2026, 3, 16)) == "pack_range", "none of these days has come"
    assert refusal(runtime, ada, date.min, date.max) == "pack_range"
    assert refusal(runtime, ada, date(2025, 1, 1), date(2025, 12, 31)) == "pack_empty"
    with monkeypatch.context() as small:
        small.setattr(pack, "MOST_DOCUMENTS", 3)
        assert refusal(runtime, ada, *YEAR) == "pack_too_large"
    first = pack.ask(runtime, ada, *YEAR)
    assert pack.ask(runtime, ada, date(2026, 3, 1), date(2026, 3, 31)).id == first.id, "one at a time"
    Worker(runtime).run_until_idle()
    for _ in range(pack.PACKS_PER_DAY - 1):
        made(runtime, ada)
    assert refusal(runtime, ada, *YEAR) == "pack_limit"
    clock.advance(days=1, seconds=1)
    assert made(runtime, ada).status == "ready"
    with pytest.raises(NotFound):  # it was for a day
        pack.read_parts(runtime, ada, first.id)


def refusal(runtime: Runtime, scope: BuyerScope, first: date, last: date) -> str:
    with pytest.raises(Refused) as refused:
        pack.ask(runtime, scope, first, last)
    return refused.value.code


def test_another_buyers_pack_is_not_there(runtime: Runtime, factory: Factory, scope: StoreScope, ada: BuyerScope, files: None) -> None:
    eve = factory.buyer(scope, email="eve@example.com")
    bought(factory, ada, 1)
    bought(factory, eve, 1)
    ready = made(runtime, ada)
    for pack_id in (ready.id, "PCK_" + "0" * 22):
        with pytest.raises(NotFound):
            pack.read_parts(runtime, eve, pack_id)
    assert [row["number"] for row in table(opened(whole(runtime, eve, made(runtime, eve))))] == ["INV-2026-000002", "REC-2026-000002"]


def test_a_test_environments_pack_says_so_and_lives_in_the_stores_time(runtime: Runtime, factory: Factory, files: None) -> None:
    store = factory.store(slug="probe", environment="test", test_offset=timedelta(days=300))
    buyer = factory.buyer(store)
    factory.document(buyer, factory.payment(buyer, factory.order(buyer)), issued_at=NOW + timedelta(days=300))
    ready = made(runtime, buyer, (date(2027, 1, 1), date(2027, 12, 31)))
    held = opened(whole(runtime, buyer, ready))
    assert "not valid" in held["README.txt"].decode()
    assert [row["test"] for row in table(held)] == ["yes"]
    assert pack.file_name(*_shop(runtime, buyer), ready) == "probe-test-2027.zip"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_memory_does_not_grow_with_the_pack(runtime: Runtime, factory: Factory, ada: BuyerScope, files: Callable[[Make], None]) -> None:
    peak, size = _peak_and_size(runtime, factory, ada, files, purchases=30, file_bytes=120_000)
    assert size > 14_000_000
    assert peak < 9_000_000


@pytest.mark.prove
def test_memory_does_not_grow_with_a_thousand_documents(
    runtime: Runtime, factory: Factory, ada: BuyerScope, files: Callable[[Make], None]
) -> None:
    peak, size = _peak_and_size(runtime, factory, ada, files, purchases=500, file_bytes=40_000)
    assert size > 75_000_000
    assert peak < 12_000_000  # of it 2.5 MB for the list of 2,000 files


def _peak_and_size(
    runtime: Runtime, factory: Factory, scope: BuyerScope, files: Callable[[Make], None], *, purchases: int, file_bytes: int
) -> tuple[int, int]:
    files(lambda *a: fake(*a, size=file_bytes))
    bought(factory, scope, purchases)
    asked = pack.ask(runtime, scope, *YEAR)
    tracemalloc.start()
    try:
        Worker(runtime).run_until_idle()
        size = sum(len(part) for part in pack.read_parts(runtime, scope, asked.id))
        peak = tracemalloc.get_traced_memory()[1]
        with count_statements(runtime.database) as counted:
            assert len(b"".join(pack.read_parts(runtime, scope, asked.id, size - 1))) == 1
        assert len(counted.statements) == 4, "nothing is read that is not sent"
    finally:
        tracemalloc.stop()
    assert found(runtime, scope, asked.id).size_bytes == size
    return peak, size
