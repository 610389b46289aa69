"""`portico waffo`: keys of shops built on Waffo's SDK, and the key that they check webhooks with."""

from pathlib import Path

import pytest

from portico import cli
from portico.services import rsa, waffo_key
from portico.storage import store as stores
from tests.services.shop import Shop

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
Captured = pytest.CaptureFixture[str]


def test_a_key_comes_and_goes(configured: Shop, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "public.pem"
    file.write_text(rsa.new_pair()[1])
    add = ["waffo", "key", "add", "nordlicht-plans", "--environment", "prod", "--public-key", str(file), "--name", "shop"]
    assert cli.run(add) == 0
    with configured.runtime.database.read() as connection:
        merchant_id = stores.get(connection, configured.store.store_id).merchant_id
    assert capsys.readouterr().out == merchant_id + "\n"
    assert cli.run(add) == 2
    assert "already" in capsys.readouterr().err
    assert cli.run(["waffo", "key", "list", "nordlicht-plans"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    key = waffo_key.every(configured.runtime, configured.store.store_id)[0]
    assert line.split("\t")[:5] == [key.id, merchant_id, "prod", "shop", key.fingerprint.hex()[:16]]
    assert cli.run(["waffo", "key", "revoke", "nordlicht-plans", key.id]) == 0
    capsys.readouterr()
    assert cli.run(["waffo", "key", "revoke", "nordlicht-plans", key.id]) == 2
    assert "no live key" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n", b"\xff\xfe", b"QUJD"])
def test_what_is_no_public_key_is_not_taken(configured: Shop, tmp_path: Path, capsys: Captured, content: bytes) -> None:
    file = tmp_path / "public.pem"
    file.write_bytes(content)
    assert cli.run(["waffo", "key", "add", "nordlicht-plans", "--environment", "test", "--public-key", str(file)]) == 2
    assert "RSA public key" in capsys.readouterr().err
    assert waffo_key.every(configured.runtime, configured.store.store_id) == ()


def test_the_key_of_webhooks_stays_the_same_and_differs_by_environment(configured: Shop, capsys: Captured) -> None:
    shown: list[str] = []
    for environment in ("prod", "prod", "test"):
        assert cli.run(["waffo", "webhook-key", "nordlicht-plans", "--environment", environment]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1] != shown[2]
    assert rsa.readable(shown[0]) == shown[0]
