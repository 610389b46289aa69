"""Settings: read from the environment or files, refused in words, never shown."""

import re
from pathlib import Path

import pytest

from portico import config
from portico.config import SettingsError

SECRET = "Uo0zvX1lWb5rGk9tE3yQ7sHn2mJd8pLa"
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in config.Settings.model_fields:
        monkeypatch.delenv(f"PORTICO_{name.upper()}", raising=False)


def _refusal(**given: object) -> str:
    with pytest.raises(SettingsError) as caught:
        config.load(**given)
    return str(caught.value)


def test_defaults_are_those_of_one_small_machine() -> None:
    settings = config.load()
    assert (settings.database_url, settings.host, settings.port, settings.smtp_security) == (
        "sqlite:///portico.db",
        "127.0.0.1",
        8000,
        "starttls",
    )


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PORT": "9000", "SECRET": SECRET, "TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::/32", "METRICS": "true"}.items():
        monkeypatch.setenv(f"PORTICO_{name}", value)
    settings = config.load()
    assert (settings.port, settings.metrics, settings.secret.get_secret_value()) == (9000, True, SECRET)
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "2001:db8::/32"]
    assert config.load(port=9001).port == 9001, "what is given wins"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    file.chmod(0o600)
    assert config.load(secret_file=file).secret.get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [(SECRET, 0o604, "chmod 600"), ("", 0o600, "is empty"), ("short", 0o600, "has 5 characters"), (None, 0, "cannot be read")],
)
def test_a_bad_secret_file_is_refused(text: str | None, mode: int, says: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    assert says in _refusal(secret_file=file)


@pytest.mark.parametrize(
    "secret", ["short", "x" * 40, "changeme" * 5, "secretsecretsecretsecretsecretsecret1", "password" + "abcdefghijklmnopqrstuvwxyz"]
)
def test_a_secret_that_can_be_guessed_is_refused_and_not_shown(secret: str) -> None:
    says = _refusal(secret=secret)
    assert "PORTICO_SECRET" in says
    assert secret not in says


def test_both_ways_at_once_are_refused(tmp_path: Path) -> None:
    assert "keep one" in _refusal(secret=SECRET, secret_file=tmp_path / "secret")


@pytest.mark.parametrize(
    "origin",
    ["https://portal.example.com", "https://portal.example.com:8443/", "http://127.0.0.1:8000", "http://localhost", "http://[::1]:9000"],
)
def test_an_origin_is_a_scheme_and_a_host(origin: str) -> None:
    assert config.load(origin=origin).origin == origin.rstrip("/")
    assert config.load(origin=origin, port=8001).origin == origin.rstrip("/")


def test_links_lead_to_the_port_that_is_listened_at() -> None:
    assert config.load(port=8001).origin == "http://127.0.0.1:8001"


@pytest.mark.parametrize(
    "origin",
    [
        "http://portal.example.com",
        "portal.example.com",
        "https://portal.example.com/shop",
        "https://a@b.example",
        "ftp://x",
        "https://x?y",
        "https://x#y",
        "",
    ],
)
def test_another_origin_is_refused(origin: str) -> None:
    assert "PORTICO_ORIGIN" in _refusal(origin=origin)


def test_every_problem_is_named_at_once_and_no_value_is_shown() -> None:
    says = _refusal(port="many", mailer="pigeon", smtp_port=0, mail_from="Portal <a@b>")
    assert len(says.splitlines()) == 4
    assert all(f"PORTICO_{name}: " in says for name in ("PORT", "MAILER", "SMTP_PORT", "MAIL_FROM"))
    assert "pigeon" not in says


def test_mail_never_leaves_the_machine_in_the_clear() -> None:
    assert "SMTP_SECURITY=none" in _refusal(smtp_security="none", smtp_host="smtp.example.com")
    assert config.load(smtp_security="none", smtp_host="localhost").smtp_security == "none"
    assert "SMTP_PASSWORD" in _refusal(smtp_user="portal")


@pytest.mark.parametrize(
    "url", ["sqlite:///portico.db", "sqlite:////var/lib/portico.db", "postgresql://u:p@db.example:5432/portico?sslmode=require"]
)
def test_a_database_url_is_taken_as_it_is(url: str) -> None:
    assert config.load(database_url=url).database_url == url


def test_the_short_name_of_postgresql_is_understood() -> None:
    assert config.load(database_url="postgres://u:p@db/portico").database_url == "postgresql://u:p@db/portico"


@pytest.mark.parametrize(
    "url", ["portico.db", "mysql://u:hunter2@db/x", "sqlite://", "sqlite:///:memory:", "postgresql://u:hunter2@db:port/x"]
)
def test_another_database_is_refused_and_not_shown(url: str) -> None:
    says = _refusal(database_url=url)
    assert says == "PORTICO_DATABASE_URL: must look like sqlite:///portico.db or postgresql://user:password@host/name"


def test_trusted_proxies_are_networks() -> None:
    assert _refusal(trusted_proxies="10.0.0.0/8, proxy") == (
        "PORTICO_TRUSTED_PROXIES: must be networks such as 10.0.0.0/8, separated by commas"
    )


def test_slips_of_the_pen_are_found() -> None:
    assert config.unknown_names({"PORTICO_SMTP_HSOT": "x", "PORTICO_PORT": "1", "PATH": ""}) == ["PORTICO_SMTP_HSOT"]
    assert config.unknown_names({"PORTICO_URL": "http://127.0.0.1:8000", "PORTICO_API_KEY": "sk_test_x"}) == []  # a caller's own


def test_no_representation_shows_a_secret() -> None:
    assert SECRET not in repr(config.load(secret=SECRET, smtp_password=SECRET))


def test_the_documentation_lists_every_setting_with_its_default_and_its_sentence() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `PORTICO_([A-Z0-9_]+)` \| (.*) \|$", text, flags=re.MULTILINE))
    assert rows == {name.upper(): row for name, row in config.documentation().items()}


def test_a_provider_that_is_named_has_what_it_needs() -> None:
    assert "PORTICO_TEST_GATEWAY=stripe needs PORTICO_STRIPE_TEST_KEY" in _refusal(test_gateway="stripe")
    assert "needs PORTICO_STRIPE_PROD_WEBHOOK_SECRET" in _refusal(prod_gateway="stripe", stripe_prod_key="sk_live_1")
    assert "needs PORTICO_SANDBOX_KEY" in _refusal(test_gateway="sandbox")
    for environment, key in (("prod", "sk_test_1"), ("prod", "rk_test_1"), ("test", "sk_live_1"), ("test", "rk_live_1")):
        of_it = {f"{environment}_gateway": "stripe", f"stripe_{environment}_key": key, f"stripe_{environment}_webhook_secret": "whsec_1"}
        assert "for the other environment" in _refusal(**of_it)
    assert config.load(test_gateway="stripe", stripe_test_key="sk_test_1", stripe_test_webhook_secret="whsec_1").test_gateway == "stripe"


def test_play_money_is_for_this_machine_alone() -> None:
    sandbox = {"prod_gateway": "sandbox", "sandbox_key": "k", "sandbox_webhook_secret": "s"}
    assert config.load(**sandbox).prod_gateway == "sandbox"
    assert "play money" in _refusal(**sandbox, origin="https://portal.example.com")


@pytest.mark.parametrize("days", ["", "0,1", "3,1", "1,1", "x", "1,2,3,4,5,6,7,8,9,10,11", "61", "-1"])
def test_retries_are_days_that_grow(days: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "such as 1,3,5,7" in _refusal(retry_days=days)
    monkeypatch.setenv("PORTICO_RETRY_DAYS", "2, 4")
    assert config.load().retry_days == (2, 4)


@pytest.mark.parametrize(
    "url", ["https://ec.europa.eu/taxation_customs/vies/rest-api/", "http://127.0.0.1:8093/vies", "https://vies.example"]
)
def test_the_register_of_vat_ids_is_an_address(url: str) -> None:
    assert config.load(vies_url=url).vies_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["http://ec.europa.eu/vies", "ec.europa.eu/vies", "https://", "https://a:b@vies.example", "file:///x", "https://x/?a=b"]
)
def test_another_address_of_the_register_is_refused(url: str) -> None:
    assert "PORTICO_VIES_URL" in _refusal(vies_url=url)
