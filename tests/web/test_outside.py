"""What belongs to no store: static files, health, reports."""

import gzip
import json
from dataclasses import replace

import pytest

from portico.server import create_app
from portico.services.runtime import Runtime
from portico.web import static
from tests.web.browser import Browser
from tests.web.conftest import BASE, Shop


def test_static_files_are_kept_for_ever_under_the_hash_of_their_content(browser: Browser, shop: Shop) -> None:
    for name, asset in static.load().items():
        answer = browser.get(f"/static/{asset.digest}/{name}")
        assert (answer.status, answer.body) == (200, asset.body)
        assert answer.header("cache-control") == "public, max-age=31536000, immutable"
        assert answer.header("content-type") == asset.media_type


def test_static_files_come_packed_to_those_who_can_unpack(browser: Browser) -> None:
    asset = static.load()["portal.css"]
    answer = browser.get(f"/static/{asset.digest}/portal.css", (b"accept-encoding", b"br, gzip"))
    assert answer.header("content-encoding") == "gzip"
    assert answer.header("vary") == "Accept-Encoding"
    assert gzip.decompress(answer.body) == asset.body
    assert len(answer.body) < len(asset.body) // 2


def test_a_file_under_another_hash_is_given_but_never_kept(browser: Browser) -> None:
    answer = browser.get("/static/0123456789abcdef/portal.css")
    assert answer.status == 200
    assert answer.header("cache-control") == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "x/none.css",
        "x/../static.py",
        "x/%2e%2e/view.py",
        "x//etc/passwd",
        "x/..%2f..%2fview.py",
        "x/portal.css%00",
        "x",
        "",
        "portal.css",
    ],
)
def test_nothing_else_is_served(browser: Browser, path: str) -> None:
    assert browser.get("/static/" + path).status == 404


def test_pages_name_the_files_by_their_hash(browser: Browser, shop: Shop) -> None:
    page = browser.get(BASE + "/sign-in")
    for name in ("portal.css", "portal.js", "icons.svg"):
        assert f"/static/{static.load()[name].digest}/{name}" in page.text


def test_health_and_readiness(browser: Browser, runtime: Runtime) -> None:
    assert (browser.get("/healthz").status, browser.get("/readyz").status) == (200, 200)


def test_an_empty_database_is_not_ready(empty_database, runtime: Runtime) -> None:  # type: ignore[no-untyped-def]
    browser = Browser(create_app(replace(runtime, database=empty_database)))
    answer = browser.get("/readyz")
    assert (answer.status, answer.text) == (503, "database not migrated\n")
    assert answer.header("retry-after") == "5"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (json.dumps([{"type": "csp-violation", "body": {"blockedURL": "inline"}}]).encode(), b"application/reports+json", 204),
        (b'{"csp-report": {}}', b"application/csp-report", 204),
        (b"not json", b"application/reports+json", 400),
        (b"{}", b"text/plain", 415),
        (b"[" + b"1," * 9000 + b"1]", b"application/reports+json", 413),
        (b"a" * 70_000, b"application/reports+json", 413),
        (b"[" * 8000 + b"]" * 8000, b"application/reports+json", 400),
    ],
)
def test_reports_of_the_policy_are_taken_within_bounds(browser: Browser, body: bytes, content_type: bytes, status: int) -> None:
    assert browser.post("/csp-report", body, content_type=content_type, origin=None, site=None).status == status


def test_search_engines_are_asked_to_stay_away(browser: Browser) -> None:
    assert browser.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"


def test_metrics_are_off_until_asked_for(browser: Browser) -> None:
    browser.client = "127.0.0.1"
    assert browser.get("/metrics").status == 404


def test_metrics_count_requests_and_waiting_jobs_for_this_machine_alone(runtime: Runtime, shop: Shop) -> None:
    app = create_app(replace(runtime, metrics=True))
    visitor, monitor = Browser(app), Browser(app, client="127.0.0.1")
    visitor.submit(visitor.get(BASE + "/sign-in"), "/sign-in", email="nobody@example.com")
    visitor.get("/nobody/portal/orders")
    text = monitor.get("/metrics", (b"host", b"127.0.0.1:8000")).text
    assert 'portico_requests_total{method="POST",route="/{slug}/portal/sign-in",status="303"} 1.0' in text
    assert 'portico_jobs_waiting{lane="mail"} 1.0' in text
    assert "portico_jobs_parked 0.0" in text
    assert 'portico_charges_unknown{environment="prod"} 0.0' in text
    assert "portico_subscriptions_due_seconds 0.0" in text
    assert "portico_subscriptions_held 0.0" in text
    assert "nobody" not in text
    assert visitor.get("/metrics").status == 404
    for header in (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via"):
        assert monitor.get("/metrics", (b"host", b"127.0.0.1:8000"), (header, b"198.51.100.1")).status == 404
    for name in (b"portal.test", b"127.0.0.1.evil.example", b"localhost@evil.example", b""):
        assert monitor.get("/metrics", (b"host", name)).status == 404, "a proxy on this machine that says nothing of whom it asks for"
