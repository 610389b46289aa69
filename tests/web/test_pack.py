"""Many documents at once: choosing a period, watching the pack being made, and taking it."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portico.jobs.worker import Worker
from portico.services import pack
from portico.services.runtime import Runtime
from portico.storage import pack as packs
from tests.factories import Factory
from tests.web.browser import Browser
from tests.web.conftest import BASE, History, Shop

PATH = BASE + "/invoices/pack"
JSON = (b"accept", b"application/json")


@pytest.fixture
def owned(history: Callable[..., History], shop: Shop) -> History:
    return history(shop.buyer)


def test_a_year_is_asked_for_watched_and_taken(ada: Browser, owned: History, runtime: Runtime) -> None:
    assert 'href="/nordlicht/portal/invoices/pack"' in ada.get(BASE + "/invoices").text
    form = ada.get(PATH)
    for option in ('<option value="2026">All of 2026</option>', '<option value="2026-Q1">Jan 1 – Mar 31, 2026</option>'):
        assert option in form.text.replace("\u2009", " ")
    assert "2026-Q2" not in form.text
    asked = ada.submit(form, "/invoices/pack", period="2026")
    url = asked.header("location") or ""
    waiting = ada.follow(asked)
    assert '<progress id="progress" max="2" value="0"' in waiting.text
    assert "http-equiv" not in waiting.text  # without the script nothing moves by itself
    assert "Check again" in waiting.words
    assert "0 of 2 documents" in waiting.words
    assert ada.get(url, JSON).json == {"state": "pending", "done": 0, "said": "0 of 2 documents"}
    assert ada.get(url + ".zip").header("location") == url  # the page says how far it is
    assert ada.submit(form, "/invoices/pack", period="2026").header("location") == url
    another = ada.submit(form, "/invoices/pack", period="2026-Q1")  # one at a time, and nobody takes one for the other
    assert (another.status, "Another download is still being put together." in another.words) == (409, True)
    assert '<option value="2026-Q1" selected>' in another.text
    Worker(runtime).run_until_idle()
    assert ada.get(url, JSON).json["state"] == "ready"
    ready = ada.get(url)
    assert "Your download is ready" in ready.words
    assert "2 documents" in ready.words
    file = ada.get(url + ".zip")
    assert (file.status, file.header("content-type"), file.header("content-length")) == (200, "application/zip", str(len(file.body)))
    assert file.header("content-disposition") == 'attachment; filename="nordlicht-2026.zip"'
    assert len([name for name in zipfile.ZipFile(io.BytesIO(file.body)).namelist() if name.endswith(".pdf")]) == 2
    rest = ada.get(url + ".zip", (b"range", b"bytes=1000-"), (b"if-range", (file.header("etag") or "").encode()))
    assert (rest.status, rest.body) == (206, file.body[1000:])
    assert "Download ZIP" in ada.get(PATH).words


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"period": "2025"}, 409, "There are no documents in this period."),
        ({"period": "2026-Q5"}, 400, "This request could not be read"),
        ({"period": "0000"}, 400, "This request could not be read"),
        ({"first_day": "", "last_day": "2026-03-01"}, 422, "Please choose a day. It is written like 2026-03-14."),
        ({"first_day": "2026-03-31", "last_day": "2026-03-01"}, 409, "Please choose a first day and a last day that comes after it."),
        ({"first_day": "9999-12-31", "last_day": "9999-12-31"}, 409, "Please choose a first day and a last day that comes after it."),
    ],
)
def test_a_period_that_cannot_be_packed_is_said(ada: Browser, owned: History, fields: dict[str, str], status: int, said: str) -> None:
    csrf = ada.get(PATH).form("/invoices/pack")["csrf"]
    answer = ada.post(PATH, {"csrf": csrf, **fields})
    assert (answer.status, said in answer.words) == (status, True)
    assert status == 400 or answer.text.count(" autofocus") == 1  # the keyboard is where the mistake is
    for name in ("first_day", "last_day"):
        assert status == 400 or f'name="{name}" value="{fields.get(name, "")}"' in answer.text


def test_what_is_over_or_failed_has_no_file(ada: Browser, owned: History, runtime: Runtime, factory: Factory) -> None:
    asked = ada.submit(ada.get(PATH), "/invoices/pack", period="2026").header("location") or ""
    pack.give_up(runtime, asked.rpartition("/")[2])
    failed = ada.get(asked)
    assert "This download couldn’t be made." in failed.words
    assert ada.get(asked + ".zip").header("location") == asked
    again = ada.submit(ada.get(PATH), "/invoices/pack", period="2026").header("location") or ""
    Worker(runtime).run_until_idle()
    with runtime.database.transaction() as tx:
        tx.execute(sa.update(packs.table).values(expires_at=factory.now - timedelta(seconds=1)))
    assert ada.get(again + ".zip").header("location") == again
    gone = ada.get(again).words
    assert ("Download ZIP" in gone, "This download was kept for a day and is gone now." in gone) == (False, True)
    assert "Expired" in ada.get(PATH).words


def test_a_buyer_without_documents_is_told_so(ada: Browser) -> None:
    page = ada.get(PATH)
    assert (page.status, "No invoices yet" in page.words, "<select" in page.text) == (200, True, False)
