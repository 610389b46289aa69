"""The demo is the contract: the data it promises, the file that describes it, and a start that anybody can repeat."""

import base64
import io
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from portico import config
from portico.demo import cards, people, store, story
from portico.demo.correction import correct_one
from portico.demo.leaving import say_why
from portico.demo.setting_up import Folder, as_environment, settings_of
from portico.domain.billing_detail import BillingDetail, validate
from portico.domain.place_of_supply import taxation
from portico.domain.scope import Environment, StoreScope
from portico.domain.subscription import SUBSCRIPTION_STATUSES
from portico.domain.tax_table import starting_set
from portico.i18n.languages import is_language
from portico.sandbox.bank import Bank
from portico.services import cancellation_report, check, importing
from portico.services import store as stores
from portico.services.importing import Refusal, Target
from portico.services.runtime import Runtime
from portico.storage import tables

KEYS = {
    "base_url", "store", "environment", "merchant_id", "rsa_private_key_file", "api_key", "portal_url", "console_url", "mailbox_dir",
    "buyers", "staff", "gateway",
}  # fmt: skip
# Ends of months, a leap day, New Year, and an ordinary day.
MOMENTS = [
    datetime(2026, 3, 14, 9, 26, tzinfo=UTC), datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC), datetime(2028, 2, 29, 23, 59, tzinfo=UTC),
    datetime(2026, 10, 31, 12, 0, tzinfo=UTC), datetime(2026, 12, 31, 1, 0, tzinfo=UTC),
]  # fmt: skip


def _load(runtime: Runtime, environment: Environment, lines: list[dict[str, Any]]) -> list[Refusal]:
    made = stores.find(runtime, store.SLUG) or stores.create(
        runtime, name=store.NAME, slug=store.SLUG, seller=store.SELLER, time_zone=store.TIME_ZONE
    )
    refused: list[Refusal] = []
    importing.load(Target(runtime, made, environment), io.BytesIO(story.as_jsonl(lines).encode()), on_refusal=refused.append)
    return refused


def _values(runtime: Runtime, statement: Any) -> set[Any]:
    with runtime.database.read() as connection:
        return set(connection.execute(statement).scalars())


def test_the_same_moment_tells_the_same_story() -> None:
    assert story.prod_lines(MOMENTS[0], {}) == story.prod_lines(MOMENTS[0], {})
    assert story.prod_lines(MOMENTS[0], {}) != story.prod_lines(MOMENTS[0] + timedelta(days=1), {})


def test_both_environments_come_in_and_hold_what_is_promised(runtime: Runtime, bank: Bank) -> None:
    known, now = cards.wallet(bank), runtime.clock()
    stories: dict[Environment, list[dict[str, Any]]] = {"prod": story.prod_lines(now, known), "test": story.test_lines(now, known)}
    for environment, lines in stories.items():
        assert _load(runtime, environment, cards.charged(bank, lines, known, environment, now)) == []
    assert check.run(runtime.database) == []
    prod = tables.order.c.environment == "prod"
    assert _values(runtime, sa.select(tables.subscription.c.status)) == set(SUBSCRIPTION_STATUSES)
    assert _values(runtime, sa.select(tables.order.c.currency).where(prod)) >= {"EUR", "USD", "JPY"}
    assert {"completed", "pending", "canceled", "refunded", "partially_refunded"} <= _values(
        runtime, sa.select(tables.order.c.status).where(prod)
    )
    assert len(_values(runtime, sa.select(tables.payment_attempt.c.failure_code)) - {None}) >= 4
    assert _values(runtime, sa.select(tables.subscription.c.change_kind)) == {None, "cancel", "change_plan"}
    most = sa.select(sa.func.count()).where(prod).group_by(tables.order.c.buyer_id)
    assert max(_values(runtime, most)) >= 60, "enough for several pages"
    correct_one(runtime, StoreScope(_values(runtime, sa.select(tables.store.c.id)).pop(), "prod"))
    correct_one(runtime, StoreScope(_values(runtime, sa.select(tables.store.c.id)).pop(), "prod"))  # a second start
    corrected = sa.select(tables.document.c.content).where(tables.document.c.kind == "invoice", tables.document.c.corrects_id.is_not(None))
    (content,) = _values(runtime, corrected)
    assert '"cost_centre":"Lektorat 40"' in content
    assert '"po_number":"4500017823"' in content
    served = StoreScope(_values(runtime, sa.select(tables.store.c.id)).pop(), "prod")
    for _ in range(2):
        say_why(runtime, served)
    left = cancellation_report.make(runtime, served, "reason").total
    assert (left.requested, left.saved) == (3, 1)
    assert check.run(runtime.database) == []
    oldest = min(_values(runtime, sa.select(tables.order.c.created_at)))
    assert runtime.clock() - oldest > timedelta(days=700)
    assert _values(runtime, sa.select(tables.order.c.environment)) == {"prod", "test"}
    running = tables.subscription.c.status.in_(("trialing", "active", "past_due", "paused", "canceling"))
    assert _values(runtime, sa.select(tables.subscription.c.managed).where(running)) == {True}, "Portico bills what runs"
    assert _values(runtime, sa.select(tables.subscription.c.due_at > now).where(running)) == {True}, "and nothing of it is late"
    charges = {capture.reference for capture in bank.captures()}
    assert _values(runtime, sa.select(tables.payment_attempt.c.reference)) - {None} == charges
    assert len(charges) > 20


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.date().isoformat())
def test_the_story_holds_on_any_day(moment: datetime, runtime: Runtime, bank: Bank, clock: Any) -> None:
    clock.time = moment
    assert _load(runtime, "prod", story.prod_lines(moment, cards.wallet(bank))) == []
    assert check.run(runtime.database) == []
    assert _values(runtime, sa.select(tables.subscription.c.status)) == set(SUBSCRIPTION_STATUSES)


def test_the_stores_table_taxes_everybody_as_the_story_does() -> None:
    rules = starting_set(store.SELLER.country)
    for person in people.EVERYONE:
        detail, policy = BillingDetail(**person.address), store.TAX_POLICY
        decided = taxation(seller=store.SELLER, buyer=detail, category="saas", rules=rules, policy=policy, on=MOMENTS[0].date())
        assert decided is not None, person.email
        assert (decided.rate, decided.reason) == (person.rate, person.reason), person.email


def test_the_people_are_believable() -> None:
    assert len(people.EVERYONE) >= 12
    assert len({person.address["country"] for person in people.EVERYONE}) >= 6
    for person in people.EVERYONE:
        typed = {name: "1" if value is True else value for name, value in person.address.items()}
        valid = validate(typed)  # raises if an address or a tax id is not one
        assert {name: getattr(valid, name) for name in person.address} == person.address, "as the form would keep it"
        assert person.locale is None or is_language(person.locale)
    assert any(person.address.get("tax_id", "").startswith("DE") for person in people.EVERYONE)
    assert {"ar", "ja", "de"} <= {person.locale for person in people.EVERYONE}


class Demo:
    """A demo in a process of its own."""

    def __init__(self, data: Path, port: int) -> None:
        self.data, self.port = data, port
        command = [sys.executable, "-m", "portico", "demo", "--data", str(data), "--port", str(port)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    def ready(self) -> dict[str, Any]:
        until = time.monotonic() + 120  # on a machine that does much else
        while not (self.data / "demo.json").exists():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)
        return json.loads((self.data / "demo.json").read_text())

    def stop(self, end: signal.Signals) -> tuple[int, str, str]:
        self.process.send_signal(end)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _signed(demo: dict[str, Any], action: str, body: dict[str, str]) -> bool:
    """Whether a shop built on Waffo's SDK gets what it asks for, with the key of demo.json."""
    raw, path, stamp = json.dumps(body).encode(), f"/v1/actions/{action}", str(int(time.time()))
    message = f"POST\n{path}\n{stamp}\n{base64.b64encode(sha256(raw).digest()).decode()}".encode()
    key = serialization.load_pem_private_key(Path(demo["rsa_private_key_file"]).read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey)
    signature = base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()
    headers = {"X-Merchant-Id": demo["merchant_id"], "X-Timestamp": stamp, "X-Signature": signature}
    with urllib.request.urlopen(urllib.request.Request(demo["base_url"] + path, data=raw, headers=headers)) as answer:
        return bool(json.loads(answer.read())["data"]["token"])


def _opens(demo: dict[str, Any], key: str, return_url: str) -> bool:
    """Whether the portal can be opened for the first buyer, and left to that address."""
    body = json.dumps({"buyer": {"email": demo["buyers"][0]["email"]}, "return_url": return_url}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{demo['base_url']}/v1/portal-sessions", data=body, headers=headers)) as answer:
        return json.loads(answer.read())["url"].startswith(demo["base_url"])


def test_a_stranger_can_drive_it_and_start_it_again(tmp_path: Path) -> None:
    data, port = tmp_path / "demo", _free_port()
    demo = Demo(data, port)
    first = demo.ready()
    try:
        assert set(first) == KEYS
        assert set(first["store"]) == {"id", "slug"}
        assert first["base_url"] == f"http://127.0.0.1:{port}"
        assert first["portal_url"] == f"{first['base_url']}/{first['store']['slug']}/portal"
        assert first["api_key"].startswith(f"sk_{first['environment']}_")
        assert all(set(buyer) == {"email", "external_id"} for buyer in first["buyers"])
        assert Path(first["mailbox_dir"]).is_dir()
        for path in (data, *data.rglob("*")):  # buyers' data, and mails with codes to sign in by
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, f"{path} is open to other users of the machine"
        with urllib.request.urlopen(f"{first['base_url']}/readyz") as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{first['portal_url']}/sign-in") as answer:
            assert answer.status == 200
        assert _opens(first, first["api_key"], "https://shop.example/account"), "what the documents show can be copied"
        assert _opens(first, (data / "api-key-test").read_text(), "http://localhost:3000/account"), "and tried on this machine"
        key = Path(first["gateway"]["api_key_file"]).read_text()
        books = urllib.request.Request(f"{first['gateway']['url']}/v1/ledger", headers={"authorization": f"Bearer {key}"})
        with urllib.request.urlopen(books) as answer:
            assert answer.status == 200
        assert "charge.succeeded" in Path(first["gateway"]["ledger_file"]).read_text()
        assert _signed(first, "auth/issue-session-token", {"storeId": first["store"]["id"], "buyerIdentity": first["buyers"][0]["email"]})
        other = Demo(tmp_path / "other", port)
        out, err = other.process.communicate(timeout=20)
        assert other.process.returncode == 2
        assert "in use" in err
        assert "Traceback" not in err
    finally:
        code, out, err = demo.stop(signal.SIGTERM)
    assert code == 0, err
    assert first["portal_url"] in out
    assert "Traceback" not in err
    assert not (data / "demo.json").exists(), "it is there while the demo is, and only then"

    moved = Demo(data, _free_port())
    second = moved.ready()
    with urllib.request.urlopen(f"{second['base_url']}/readyz") as answer:
        assert answer.status == 200
    code, _, err = moved.stop(signal.SIGINT)
    assert code == 0, err
    same = KEYS - {"base_url", "portal_url", "gateway"}
    assert {key: second[key] for key in same} == {key: first[key] for key in same}, "the data, and the key, stay"


def test_its_settings_are_good_for_other_commands(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "a demo")
    folder.path.mkdir()
    settings = settings_of(folder, "127.0.0.1", 8123)
    script = f"set -a; {as_environment(folder, settings)} set +a; env | grep ^PORTICO_"
    told = dict(line.split("=", 1) for line in subprocess.check_output(["sh", "-c", script], text=True).splitlines())
    read = config.load(**{name.removeprefix("PORTICO_").lower(): value for name, value in told.items()})
    files = {"secret_file", "sandbox_key_file", "sandbox_webhook_secret_file"}
    assert read.model_dump(exclude=files | {"database_url", "mail_dir"}) == settings.model_dump(
        exclude=files | {"database_url", "mail_dir"}
    )
