"""What comes to the address of webhooks and is not from the provider, or not from today, changes not one row. What is genuine has
its effect, once, however often it comes and however many copies come at once."""

import http.client
import json
from collections import Counter
from collections.abc import Callable
from hashlib import sha1, sha256, sha512
from hmac import digest
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest

from portico.services import charging
from tests.bank import SIGNATURE_HEADER, WEBHOOK_SECRET
from tests.conftest import DIALECTS, OpenFresh
from tests.proofs.clicks import send_at_once
from tests.proofs.portal import fingerprint, served
from tests.services.drive import begun, renew, state
from tests.services.shop import Shop

PATH = "/webhooks/sandbox/prod"
SECRET = WEBHOOK_SECRET.encode()


def _signature(body: bytes, t: int, secret: bytes = SECRET, algorithm: Callable[..., object] = sha256) -> str:
    return digest(secret, b"%d." % t + body, algorithm).hex()  # type: ignore[arg-type]


def _header(body: bytes, t: int, **signing: object) -> str:
    return f"t={t},v1={_signature(body, t, **signing)}"  # type: ignore[arg-type]


def _bent(chance: Random, raw: bytes) -> bytes:
    """With another byte somewhere."""
    place = chance.randrange(len(raw))
    return raw[:place] + bytes([raw[place] ^ chance.randrange(1, 256)]) + raw[place + 1 :]


def _told_otherwise(chance: Random, body: bytes) -> bytes:
    """The same event with something in it that would be worth lying about."""
    event = json.loads(body)
    lie = chance.choice(("amount_minor", "status", "key", "id", "currency"))
    event["data"][lie] = {"amount_minor": 1, "status": "failed", "key": "PAY_1-1", "id": "ch_1", "currency": "JPY"}[lie]
    return json.dumps(event).encode()


def _forged(chance: Random, body: bytes, now: int) -> tuple[bytes, dict[str, str]]:
    """One of twenty ways to lie, with the body or with the header."""
    genuine, off = _header(body, now), chance.choice((-1, 1)) * chance.randrange(301, 10_000_000)
    ways: tuple[Callable[[], tuple[bytes, str | None]], ...] = (
        lambda: (_bent(chance, body), genuine),
        lambda: (_told_otherwise(chance, body), genuine),
        lambda: (body[: chance.randrange(len(body))], genuine),
        lambda: (body + chance.choice((b" ", b"\n", b"\0", b"{}")), genuine),
        lambda: (json.dumps(json.loads(body), indent=1).encode(), genuine),
        lambda: (body, _header(body, now + off)),  # signed by the provider, long ago or dated ahead
        lambda: (body, genuine.replace(f"t={now}", f"t={now + off}")),
        lambda: (body, genuine.replace(f"t={now}", f"t={now + chance.randrange(1, 300)}")),
        lambda: (body, f"t={now + off},{genuine}"),  # two times
        lambda: (body, _header(body, now, secret=chance.randbytes(32))),
        lambda: (body, _header(body, now, secret=b"")),
        lambda: (body, _header(body, now, algorithm=sha1)),
        lambda: (body, _header(body, now, algorithm=sha512)),
        lambda: (body, f"t={now},v1={digest(SECRET, body, sha256).hex()}"),  # without the time
        lambda: (body, f"t={now},v0={_signature(body, now)}"),
        lambda: (body, f"t={now},v1={_signature(body, now).upper()}"),
        lambda: (body, f"t={now},v1={_signature(body, now)[: chance.randrange(64)]}"),
        lambda: (body, f"t={now},v1={_bent_hex(chance, _signature(body, now))}"),
        lambda: (body, f"v1={_signature(body, now)}"),
        lambda: (body, chance.choice((None, "", "t=", "v1=", "t=0,v1=0", "t=1e9,v1=" + "0" * 64, "," * 100))),
    )
    forged, header = chance.choice(ways)()
    return forged, {} if header is None else {SIGNATURE_HEADER: header}


def _bent_hex(chance: Random, text: str) -> str:
    place = chance.randrange(len(text))
    other = chance.choice([letter for letter in "0123456789abcdef" if letter != text[place]])
    return text[:place] + other + text[place + 1 :]


def _captured(shop: Shop) -> tuple[str, str, bytes, int]:
    """A renewal that the bank has charged, while its answer got lost: the subscription, the attempt's key, the webhook about it, and
    the time."""
    subscription_id = renew(shop)
    key = begun(shop, subscription_id)
    shop.gateway.faults.append("timeout_after")
    charging.charge(shop.runtime, key, first=True)
    assert state(shop, key)[1] == "unknown"
    body, _ = shop.gateway.webhooks(shop.clock())[-1]
    return subscription_id, key, body, int(shop.clock().timestamp())


def _forge(open_fresh: OpenFresh, folder: Path, count: int) -> Counter[int]:
    """So many forgeries, a tenth as many replays of a genuine one, and a hundred copies of it at once; the statuses met."""
    chance, met = Random(5), Counter[int]()
    with open_fresh(True) as database, served(database, folder) as shop:
        subscription_id, key, body, now = _captured(shop)
        before = fingerprint(database)
        connection = http.client.HTTPConnection(urlsplit(shop.runtime.origin).netloc, timeout=30)
        for _ in range(count):
            met[_send(connection, *_forged(chance, body, now))] += 1
        assert met.keys() <= {400}, met
        assert fingerprint(database) == before, "a forgery left a trace"
        copies = send_at_once(shop.runtime.origin + PATH, body, {SIGNATURE_HEADER: _header(body, now)}, 100)
        assert copies == {200: 100}
        assert state(shop, key)[:2] == ("succeeded", "succeeded")
        assert len(shop.documents(subscription_id)) == 4
        after = fingerprint(database)
        for _ in range(count // 10):
            assert _send(connection, body, {SIGNATURE_HEADER: _header(body, now + chance.randrange(-299, 300))}) == 200
        assert fingerprint(database) == after, "a replay left a trace"
        connection.close()
    return met


def _send(connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]) -> int:
    connection.request("POST", PATH, body, headers)
    response = connection.getresponse()
    response.read()
    return response.status


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_forged_is_accepted_and_nothing_genuine_twice(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    _forge(request.getfixturevalue(f"{dialect}_databases"), tmp_path, 150)


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_of_ten_thousand_forgeries_is_accepted(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    met = _forge(request.getfixturevalue(f"{dialect}_databases"), tmp_path, 10_000)
    replayed = "1,000 replays and 100 copies at once of a genuine one: 1 effect"
    print(f"forged webhooks, {dialect}: {met.total():,} sent, {met[200]} accepted, 0 rows changed; {replayed}")
