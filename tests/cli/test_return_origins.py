"""`portico store return-origins`: where the portal may send a buyer back to."""

import pytest

from portico import cli
from tests.services.shop import Shop

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SLUG = "nordlicht-plans"


def test_origins_are_put_on_the_list_and_taken_off(configured: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["store", "return-origins", SLUG]
    assert cli.run(command) == 0
    assert capsys.readouterr().out == ""
    assert cli.run([*command, "--add", "https://Shop.example/", "--add", "https://app.shop.example:8443"]) == 0
    assert capsys.readouterr().out.splitlines() == ["https://shop.example", "https://app.shop.example:8443"]
    assert cli.run([*command, "--add", "https://shop.example", "--remove", "https://app.shop.example:8443"]) == 0
    assert capsys.readouterr().out.splitlines() == ["https://shop.example"]


def test_what_is_no_origin_is_refused(configured: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("http://shop.example", "https://shop.example/account", "shop.example"):
        assert cli.run(["store", "return-origins", SLUG, "--add", text]) == 2
        assert "--add must be an origin such as https://shop.example" in capsys.readouterr().err
    assert cli.run(["store", "return-origins", SLUG, "--remove", "https://shop.example"]) == 2
    assert "--remove https://shop.example is not on the list; on it are: none" in capsys.readouterr().err
