"""The composition root: what it insists on, and the ids it makes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portico import app, config
from portico.config import SettingsError
from portico.domain.ids import is_id
from portico.mail.transport import FileMailer, SmtpMailer
from tests.gateways.register import stand_in

SECRET = "Uo0zvX1lWb5rGk9tE3yQ7sHn2mJd8pLa"
NOW = datetime(2026, 3, 14, 9, 26, tzinfo=UTC)


def test_it_wires_what_the_settings_say(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/portico.db"
    runtime = app.build(config.load(database_url=url, secret=SECRET, mailer="file", mail_dir=tmp_path, origin="https://portal.example.com"))
    assert isinstance(runtime.mailer, FileMailer)
    assert (runtime.origin, runtime.secret, runtime.database.dialect) == ("https://portal.example.com", SECRET.encode(), "sqlite")
    assert abs(runtime.clock() - datetime.now(UTC)) < timedelta(seconds=5)
    assert len(runtime.random_bytes(32)) == 32
    assert SECRET not in repr(runtime)
    runtime.database.dispose()


def test_vat_ids_are_looked_up_where_the_settings_say(tmp_path: Path) -> None:
    with stand_in() as register:
        runtime = app.build(config.load(database_url=f"sqlite:///{tmp_path}/x.db", secret=SECRET, mailer="file", vies_url=register.url))
        assert runtime.vat_register is not None
        assert not runtime.vat_register.ask("DE136695976").is_valid
        assert len(register.questions) == 1
    runtime.database.dispose()


def test_mail_goes_over_smtp_unless_files_are_asked_for(tmp_path: Path) -> None:
    runtime = app.build(
        config.load(database_url=f"sqlite:///{tmp_path}/x.db", secret=SECRET, mail_from="portal@example.com", smtp_host="smtp.example.com")
    )
    assert isinstance(runtime.mailer, SmtpMailer)
    assert (runtime.mailer.host, runtime.mailer.security) == ("smtp.example.com", "starttls")
    runtime.database.dispose()


@pytest.mark.parametrize(("given", "says"), [({}, "PORTICO_SECRET"), ({"secret": SECRET}, "PORTICO_MAIL_FROM")])
def test_it_does_not_start_without_what_it_needs(given: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET", "SECRET_FILE", "MAIL_FROM"):
        monkeypatch.delenv(f"PORTICO_{name}", raising=False)
    with pytest.raises(SettingsError, match=says):
        app.build(config.load(**given))


@pytest.mark.parametrize("steps", [[0] * 500, [1000, -5000, 1, 0, 0, 7_000_000], [1] * 200], ids=["frozen", "set back", "running"])
def test_ids_only_ever_grow(steps: list[int], random_bytes: Callable[[int], bytes]) -> None:
    clock = iter([NOW + timedelta(milliseconds=sum(steps[: n + 1])) for n in range(len(steps))])
    new_id = app.id_maker(lambda: next(clock), random_bytes)
    made = [new_id("ORD") for _ in steps]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(is_id("ORD", text) for text in made)


def test_ids_hold_the_moment_and_are_version_7(random_bytes: Callable[[int], bytes]) -> None:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    text = app.id_maker(lambda: NOW, random_bytes)("INV").removeprefix("INV_")
    number = 0
    for character in text:
        number = number * 62 + alphabet.index(character)
    assert number >> 80 == int(NOW.timestamp() * 1000)
    assert (number >> 76) & 0xF == 7
    assert (number >> 62) & 0b11 == 0b10


def test_a_tail_that_is_full_moves_into_the_next_millisecond() -> None:
    new_id = app.id_maker(lambda: NOW, lambda count: b"\xff" * count)
    made = [new_id("ORD") for _ in range(3)]
    assert made == sorted(set(made))


def test_each_environment_has_the_provider_it_names(tmp_path: Path) -> None:
    base = {"database_url": f"sqlite:///{tmp_path}/x.db", "secret": SECRET, "mailer": "file", "mail_dir": tmp_path}
    runtime = app.build(config.load(**base))
    assert runtime.gateways == {}
    runtime.database.dispose()
    stripe = {"test_gateway": "stripe", "stripe_test_key": "sk_test_1", "stripe_test_webhook_secret": f"whsec_{'a' * 32}, whsec_{'b' * 32}"}
    sandbox = {"prod_gateway": "sandbox", "sandbox_key": "k" * 32, "sandbox_webhook_secret": "w" * 32}
    runtime = app.build(config.load(**base, **stripe, **sandbox, retry_days="2,4"))
    assert {environment: gateway.name for environment, gateway in runtime.gateways.items()} == {"test": "stripe", "prod": "sandbox"}
    assert runtime.retry_days == (2, 4)
    runtime.database.dispose()
    with pytest.raises(SettingsError, match="PORTICO_TEST_GATEWAY=stripe"):
        app.build(config.load(**base, **(stripe | {"stripe_test_webhook_secret": "short"})))
